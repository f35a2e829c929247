import com.hazelcast.jet.Jet;
import com.hazelcast.jet.JetInstance;
import com.hazelcast.jet.config.JobConfig;

/**
 * Submits what Batch does, but not before it is told to: it puts "waits" into the queue that the second argument names,
 * with "-said" after its name, and takes something from that queue before it goes on. The third argument is the job's
 * name.
 */
public class MainWaits {
    public static void main(String[] arguments) throws InterruptedException {
        JetInstance jet = Jet.bootstrappedInstance();
        jet.getHazelcastInstance().getQueue(arguments[1] + "-said").put("waits");
        jet.getHazelcastInstance().getQueue(arguments[1]).take();
        jet.newJob(Batch.pipeline(arguments[0]), new JobConfig().setName(arguments[2]));
    }
}
