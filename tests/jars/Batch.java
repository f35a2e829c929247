import com.hazelcast.jet.Jet;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.core.metrics.Metrics;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.test.TestSources;

/** A job that ends: the words "a", "b" and "c" in capitals go to the list that the first argument names. */
public class Batch {
    public static void main(String[] arguments) {
        JobConfig config = new JobConfig().setStoreMetricsAfterJobCompletion(true);
        if (arguments.length > 1) {
            config.setName(arguments[1]);
        }
        Jet.bootstrappedInstance().newJob(pipeline(arguments[0]), config);
    }

    static Pipeline pipeline(String list) {
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(TestSources.items("a", "b", "c"))
                .map(word -> {
                    Metrics.metric("shouted").increment();
                    return word.toUpperCase();
                })
                .setName("shout")
                .writeTo(Sinks.list(list));
        return pipeline;
    }
}
