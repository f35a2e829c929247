import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.jet.Jet;
import com.hazelcast.jet.JetInstance;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.pipeline.Pipeline;
import java.util.Scanner;

/**
 * Java's client, submitting what the other programs do. The arguments are the cluster's name and a member's address;
 * each line of the input is a job: its name, the program, the program's first argument, and then any of "keep" (the last
 * metrics), "exact" (exactly once), "suspend" (on failure), "join" (wait for its end) and, for Observed, the kind. For
 * each job a line "job" with its id, as a number, is printed.
 */
public class SubmitAsClient {
    public static void main(String[] arguments) {
        ClientConfig config = new ClientConfig();
        config.setClusterName(arguments[0]);
        config.getNetworkConfig().addAddress(arguments[1]);
        JetInstance jet = Jet.newJetClient(config);
        Scanner lines = new Scanner(System.in, "UTF-8");
        while (lines.hasNextLine()) {
            submit(jet, lines.nextLine().split(" "));
        }
        jet.shutdown();
    }

    private static void submit(JetInstance jet, String[] words) {
        JobConfig config = new JobConfig()
                .setName(words[0])
                .addClass(Batch.class, Streaming.class, Failing.class, FailsWhenTold.class, Observed.class);
        String kind = "words";
        boolean join = false;
        for (int i = 3; i < words.length; i++) {
            switch (words[i]) {
                case "keep":
                    config.setStoreMetricsAfterJobCompletion(true);
                    break;
                case "exact":
                    config.setProcessingGuarantee(ProcessingGuarantee.EXACTLY_ONCE).setSnapshotIntervalMillis(2500);
                    break;
                case "suspend":
                    config.setSuspendOnFailure(true);
                    break;
                case "join":
                    join = true;
                    break;
                default:
                    kind = words[i];
            }
        }
        Job job = jet.newJob(pipeline(words[1], words[2], kind), config);
        System.out.println("job " + job.getId());
        if (join) {
            job.join();
        }
    }

    private static Pipeline pipeline(String program, String where, String kind) {
        switch (program) {
            case "Batch":
                return Batch.pipeline(where);
            case "Streaming":
                return Streaming.pipeline(where);
            case "Failing":
                return Failing.pipeline(where);
            case "FailsWhenTold":
                return FailsWhenTold.pipeline(where);
            case "Observed":
                return Observed.pipeline(where, kind);
            default:
                throw new IllegalArgumentException(program);
        }
    }
}
