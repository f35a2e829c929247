import com.hazelcast.jet.Jet;
import com.hazelcast.jet.JetInstance;

/** Submits two jobs that never end, which count in the maps that the two arguments name. */
public class TwoJobs {
    public static void main(String[] arguments) {
        JetInstance jet = Jet.bootstrappedInstance();
        jet.newJob(Streaming.pipeline(arguments[0]));
        jet.newJob(Streaming.pipeline(arguments[1]));
    }
}
