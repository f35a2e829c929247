import com.hazelcast.collection.IQueue;
import com.hazelcast.jet.Jet;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.pipeline.BatchSource;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.SourceBuilder;
import java.util.concurrent.TimeUnit;

/**
 * A job that ends when it is told to: it takes one item out of the queue that the first argument names and puts it into
 * the list of that name.
 */
public class Gated {
    public static void main(String[] arguments) {
        String name = arguments[0];
        BatchSource<Object> gate = SourceBuilder
                .batch("gate", context -> context.jetInstance().getHazelcastInstance().<Object>getQueue(name))
                .<Object>fillBufferFn((queue, buffer) -> {
                    Object item = ((IQueue<Object>) queue).poll(1, TimeUnit.SECONDS);
                    if (item != null) {
                        buffer.add(item);
                        buffer.close();
                    }
                })
                .build();
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(gate).writeTo(Sinks.list(name));
        Jet.bootstrappedInstance().newJob(pipeline, new JobConfig());
    }
}
