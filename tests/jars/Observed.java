import com.hazelcast.jet.Jet;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.datamodel.Tuple2;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.StreamStage;
import com.hazelcast.jet.pipeline.test.TestSources;

/**
 * Jobs that send what they make to the observable that the first argument names. The second argument says what:
 * "words", the words "a", "b" and "c", and ends; "pairs", each of the words with its number, and ends; "fails", at the
 * third word; "streams", numbers from zero, without end.
 */
public class Observed {
    public static void main(String[] arguments) {
        JobConfig config = new JobConfig();
        if (arguments.length > 2) {
            config.setName(arguments[2]);
        }
        Jet.bootstrappedInstance().newJob(pipeline(arguments[0], arguments[1]), config);
    }

    static Pipeline pipeline(String observable, String kind) {
        Pipeline pipeline = Pipeline.create();
        switch (kind) {
            case "words":
                pipeline.readFrom(TestSources.items("a", "b", "c")).writeTo(Sinks.observable(observable));
                break;
            case "pairs":
                pipeline.readFrom(TestSources.items("a", "b", "c"))
                        .map(word -> Tuple2.tuple2(word, (int) word.charAt(0)))
                        .writeTo(Sinks.observable(observable));
                break;
            case "fails":
                pipeline.readFrom(TestSources.items("a", "b", "c"))
                        .map(Failing::fail)
                        .writeTo(Sinks.observable(observable));
                break;
            case "streams":
                StreamStage<Long> numbers = pipeline.readFrom(TestSources.itemStream(100))
                        .withoutTimestamps()
                        .map(event -> event.sequence());
                numbers.writeTo(Sinks.observable(observable));
                break;
            default:
                throw new IllegalArgumentException(kind);
        }
        return pipeline;
    }
}
