import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.client.config.ClientFailoverConfig;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import java.util.Scanner;

/**
 * Hazelcast's own failover client, driven line by line: "put KEY VALUE" and "get KEY" are calls on one map. Arguments are
 * the clusters, each as NAME=HOST:PORT, in the order in which they are to be used. Lifecycle events are printed too.
 */
public class FailoverClient {
    public static void main(String[] clusters) {
        ClientFailoverConfig failover = new ClientFailoverConfig().setTryCount(5);
        for (String cluster : clusters) {
            String[] parts = cluster.split("=");
            ClientConfig config = new ClientConfig().setClusterName(parts[0]);
            config.getNetworkConfig().addAddress(parts[1]);
            config.getConnectionStrategyConfig().getConnectionRetryConfig().setClusterConnectTimeoutMillis(500);
            failover.addClientConfig(config);
        }
        HazelcastInstance client;
        try {
            client = HazelcastClient.newHazelcastFailoverClient(failover);
        } catch (IllegalStateException error) {
            System.out.println("refused: " + error.getMessage());
            return;
        }
        client.getLifecycleService().addLifecycleListener(event -> System.out.println("event " + event.getState()));
        IMap<String, String> map = client.getMap("orders");
        System.out.println("connected");
        Scanner lines = new Scanner(System.in, "UTF-8");
        while (lines.hasNextLine()) {
            String[] words = lines.nextLine().split(" ");
            String result = words[0].equals("put") ? map.put(words[1], words[2]) : map.get(words[1]);
            System.out.println(String.join(" ", words) + ": " + result);
        }
        client.shutdown();
        System.out.println("ended");
    }
}
