import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonArray;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.jet.JetService;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ResourceConfig;
import com.hazelcast.jet.core.JobStatus;
import com.hazelcast.jet.core.metrics.JobMetrics;
import com.hazelcast.jet.core.metrics.Measurement;
import java.lang.reflect.Field;
import java.util.Map;

/**
 * What Java's client knows of the jobs of a cluster, as JSON; Hazelcast 5 only. The arguments are the cluster's name and
 * a member's address.
 */
public class JobReport {
    public static void main(String[] arguments) throws Exception {
        ClientConfig config = new ClientConfig();
        config.setClusterName(arguments[0]);
        config.getNetworkConfig().addAddress(arguments[1]);
        HazelcastInstance client = HazelcastClient.newHazelcastClient(config);
        JetService jet = client.getJet();
        JsonArray jobs = new JsonArray();
        for (Job job : jet.getJobs()) {
            jobs.add(report(job));
        }
        System.out.println(jobs);
        client.shutdown();
    }

    private static JsonObject report(Job job) throws Exception {
        JobStatus status = job.getStatus();
        boolean ended = status == JobStatus.COMPLETED || status == JobStatus.FAILED;
        boolean suspended = status == JobStatus.SUSPENDED;
        return new JsonObject()
                .add("id", job.getId())
                .add("id_string", job.getIdString())
                .add("name", text(job.getName()))
                .add("status", status.name())
                .add("submission_time", job.getSubmissionTime())
                .add("user_cancelled", ended ? Json.value(job.isUserCancelled()) : Json.NULL)
                .add("suspension_cause", text(suspended ? job.getSuspensionCause().description() : null))
                .add("config", report(job.getConfig()))
                .add("metrics", report(job.getMetrics()));
    }

    private static JsonObject report(JobConfig config) {
        JsonObject resources = new JsonObject();
        for (Map.Entry<String, ResourceConfig> entry : config.getResourceConfigs().entrySet()) {
            ResourceConfig resource = entry.getValue();
            resources.add(entry.getKey(), new JsonArray()
                    .add(resource.getId())
                    .add(resource.getResourceType().name())
                    .add(String.valueOf(resource.getUrl())));
        }
        return new JsonObject()
                .add("name", text(config.getName()))
                .add("processing_guarantee", config.getProcessingGuarantee().name())
                .add("snapshot_interval", config.getSnapshotIntervalMillis())
                .add("auto_scaling", config.isAutoScaling())
                .add("suspend_on_failure", config.isSuspendOnFailure())
                .add("split_brain_protection", config.isSplitBrainProtectionEnabled())
                .add("resources", resources)
                .add("initial_snapshot", text(config.getInitialSnapshotName()))
                .add("metrics", config.isMetricsEnabled())
                .add("store_metrics", config.isStoreMetricsAfterJobCompletion())
                .add("max_processor_accumulated_records", config.getMaxProcessorAccumulatedRecords())
                .add("timeout", config.getTimeoutMillis())
                .add("sql", text(config.getArgument("__sql.queryText")));
    }

    private static JsonArray report(JobMetrics metrics) throws Exception {
        Field tags = Measurement.class.getDeclaredField("tags");
        tags.setAccessible(true); // there is no method that tells all of them
        JsonArray found = new JsonArray();
        for (String name : metrics.metrics()) {
            for (Measurement measurement : metrics.get(name)) {
                JsonObject named = new JsonObject();
                for (Map.Entry<?, ?> tag : ((Map<?, ?>) tags.get(measurement)).entrySet()) {
                    named.add(String.valueOf(tag.getKey()), text((String) tag.getValue()));
                }
                found.add(new JsonArray()
                        .add(measurement.metric())
                        .add(measurement.value())
                        .add(measurement.timestamp())
                        .add(named));
            }
        }
        return found;
    }

    private static com.hazelcast.internal.json.JsonValue text(String text) {
        return text == null ? Json.NULL : Json.value(text);
    }
}
