import com.hazelcast.jet.Jet;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.test.TestSources;

/**
 * A job that runs until the map that the first argument names has an entry "fail", and then fails with an exception
 * that has a cause.
 */
public class FailsWhenTold {
    public static void main(String[] arguments) {
        JobConfig config = new JobConfig();
        if (arguments.length > 1) {
            config.setName(arguments[1]);
        }
        Jet.bootstrappedInstance().newJob(pipeline(arguments[0]), config);
    }

    static Pipeline pipeline(String map) {
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(TestSources.itemStream(100))
                .withoutTimestamps()
                .<String, String, String>mapUsingIMap(map, event -> "fail", (event, told) -> {
                    if (told != null) {
                        throw new IllegalStateException("told to: " + told, new IllegalArgumentException("obedient"));
                    }
                    return null;
                })
                .setName("listen")
                .writeTo(Sinks.noop());
        return pipeline;
    }
}
