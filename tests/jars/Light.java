import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.test.TestSources;
import java.util.concurrent.BlockingQueue;

/**
 * A light job that never ends by itself; Hazelcast 5 only. Light jobs can't bring classes, so it has no code. If there is
 * an argument, its id goes to the queue of that name and what it makes to the list of that name; when it has ended and
 * the member has forgotten it, "forgotten" goes to the queue.
 */
public class Light {
    public static void main(String[] arguments) throws InterruptedException {
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(TestSources.itemStream(10))
                .withoutTimestamps()
                .writeTo(arguments.length > 0 ? Sinks.list(arguments[0]) : Sinks.noop());
        HazelcastInstance member = Hazelcast.bootstrappedInstance();
        Job job = member.getJet().newLightJob(pipeline);
        if (arguments.length > 0) {
            BlockingQueue<Object> told = member.getQueue(arguments[0]);
            told.put(job.getId());
            job.getFuture().whenCompleteAsync((nothing, failure) -> told.add("forgotten"));
        }
    }
}
