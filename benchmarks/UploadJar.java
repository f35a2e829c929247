import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.JetException;
import com.hazelcast.jet.impl.JetClientInstanceImpl;
import com.hazelcast.jet.impl.SubmitJobParameters;
import java.nio.file.Paths;

/**
 * Java's client uploads a JAR that the member refuses when it has all of it. The arguments are the cluster's name, a
 * member's address, the JAR and how often; the seconds of each upload are printed.
 */
public class UploadJar {
    public static void main(String[] arguments) {
        ClientConfig config = new ClientConfig();
        config.setClusterName(arguments[0]);
        config.getNetworkConfig().addAddress(arguments[1]);
        HazelcastInstance client = HazelcastClient.newHazelcastClient(config);
        JetClientInstanceImpl jet = (JetClientInstanceImpl) client.getJet();
        SubmitJobParameters parameters = SubmitJobParameters.withJarOnClient().setJarPath(Paths.get(arguments[2]));
        for (int i = 0; i < Integer.parseInt(arguments[3]); i++) {
            long begun = System.nanoTime();
            try {
                jet.submitJobFromJar(parameters);
                throw new IllegalStateException("the member has taken a JAR without a main class");
            } catch (JetException refused) {
                System.out.println((System.nanoTime() - begun) / 1e9);
            }
        }
        client.shutdown();
    }
}
