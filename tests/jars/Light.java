import com.hazelcast.core.Hazelcast;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.test.TestSources;

/** A light job that never ends by itself; Hazelcast 5 only. Light jobs can't bring classes, so it has no code. */
public class Light {
    public static void main(String[] arguments) {
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(TestSources.itemStream(10)).withoutTimestamps().writeTo(Sinks.noop());
        Hazelcast.bootstrappedInstance().getJet().newLightJob(pipeline);
    }
}
