import com.hazelcast.core.Hazelcast;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.test.TestSources;

/**
 * A light job that never ends by itself; Hazelcast 5 only. Light jobs can't bring classes, so it has no code. If there is
 * an argument, its id goes to the queue of that name and what it makes to the list of that name.
 */
public class Light {
    public static void main(String[] arguments) throws InterruptedException {
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(TestSources.itemStream(10))
                .withoutTimestamps()
                .writeTo(arguments.length > 0 ? Sinks.list(arguments[0]) : Sinks.noop());
        Job job = Hazelcast.bootstrappedInstance().getJet().newLightJob(pipeline);
        if (arguments.length > 0) {
            Hazelcast.bootstrappedInstance().getQueue(arguments[0]).put(job.getId());
        }
    }
}
