import com.hazelcast.jet.Jet;
import com.hazelcast.jet.Util;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.test.TestSources;

/**
 * A job that never ends by itself: it counts, a hundred times a second, in the entry "last" of the map that the first
 * argument names.
 */
public class Streaming {
    public static void main(String[] arguments) {
        JobConfig config = new JobConfig()
                .setProcessingGuarantee(ProcessingGuarantee.EXACTLY_ONCE)
                .setSnapshotIntervalMillis(1000);
        if (arguments.length > 1) {
            config.setName(arguments[1]);
        }
        Jet.bootstrappedInstance().newJob(pipeline(arguments[0]), config);
    }

    static Pipeline pipeline(String map) {
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(TestSources.itemStream(100))
                .withoutTimestamps()
                .map(event -> Util.entry("last", event.sequence()))
                .setName("count")
                .writeTo(Sinks.map(map));
        return pipeline;
    }
}
