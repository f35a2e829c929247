import com.hazelcast.jet.Jet;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.test.TestSources;

/**
 * A job that fails at its third item with an exception that has a cause; with "suspend" as the second argument it is
 * suspended then. The first argument names the list that the first items may get to.
 */
public class Failing {
    public static void main(String[] arguments) {
        JobConfig config = new JobConfig();
        config.setSuspendOnFailure(arguments.length > 1 && arguments[1].equals("suspend"));
        if (arguments.length > 2) {
            config.setName(arguments[2]);
        }
        Jet.bootstrappedInstance().newJob(pipeline(arguments[0]), config);
    }

    static Pipeline pipeline(String list) {
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(TestSources.items("a", "b", "c"))
                .map(Failing::fail)
                .setName("fail")
                .writeTo(Sinks.list(list));
        return pipeline;
    }

    static String fail(String word) {
        if (word.equals("c")) {
            throw new IllegalStateException("boom on " + word, new IllegalArgumentException("no c please"));
        }
        return word;
    }
}
