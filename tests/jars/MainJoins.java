import com.hazelcast.jet.Jet;
import com.hazelcast.jet.config.JobConfig;

/** Submits what Batch does and waits for its end, which a program on a member must not do. */
public class MainJoins {
    public static void main(String[] arguments) {
        JobConfig config = new JobConfig();
        if (arguments.length > 1) {
            config.setName(arguments[1]);
        }
        Jet.bootstrappedInstance().newJob(Batch.pipeline(arguments[0]), config).join();
    }
}
