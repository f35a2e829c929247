import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.client.config.ClientConnectionStrategyConfig;
import com.hazelcast.client.config.ClientFailoverConfig;
import com.hazelcast.client.config.ClientFlakeIdGeneratorConfig;
import com.hazelcast.client.config.ClientNetworkConfig;
import com.hazelcast.client.config.ClientReliableTopicConfig;
import com.hazelcast.client.config.ClientSecurityConfig;
import com.hazelcast.client.config.ConnectionRetryConfig;
import com.hazelcast.client.config.SocketOptions;
import com.hazelcast.client.config.XmlClientConfigBuilder;
import com.hazelcast.client.config.XmlClientFailoverConfigBuilder;
import com.hazelcast.client.config.YamlClientConfigBuilder;
import com.hazelcast.client.config.YamlClientFailoverConfigBuilder;
import com.hazelcast.client.impl.spi.impl.discovery.HazelcastCloudDiscovery;
import com.hazelcast.client.properties.ClientProperty;
import com.hazelcast.config.AliasedDiscoveryConfig;
import com.hazelcast.config.CompactSerializationConfig;
import com.hazelcast.config.CompactSerializationConfigAccessor;
import com.hazelcast.config.CredentialsFactoryConfig;
import com.hazelcast.config.EvictionConfig;
import com.hazelcast.config.GlobalSerializerConfig;
import com.hazelcast.config.NearCacheConfig;
import com.hazelcast.config.SSLConfig;
import com.hazelcast.config.SerializationConfig;
import com.hazelcast.config.SerializerConfig;
import com.hazelcast.config.security.TokenIdentityConfig;
import com.hazelcast.config.security.UsernamePasswordIdentityConfig;
import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonArray;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.internal.json.JsonValue;
import com.hazelcast.spi.properties.HazelcastProperties;
import com.hazelcast.spi.properties.HazelcastProperty;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Reads files as Hazelcast's Java client does and prints what it understood: for each line of the input, "kind path", a
 * line of JSON. It runs until its input ends.
 */
public final class ConfigReader {

    private ConfigReader() {
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        System.setOut(System.err); // nothing else may get between the answers
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            int space = line.indexOf(' ');
            out.println(answer(line.substring(0, space), line.substring(space + 1)));
        }
    }

    private static JsonObject answer(String kind, String path) {
        try {
            switch (kind) {
                case "client.yaml":
                    return new JsonObject().add("understood", client(new YamlClientConfigBuilder(path).build()));
                case "client.xml":
                    return new JsonObject().add("understood", client(new XmlClientConfigBuilder(path).build()));
                case "failover.yaml":
                    return new JsonObject().add("understood", failover(new YamlClientFailoverConfigBuilder(path).build()));
                case "failover.xml":
                    return new JsonObject().add("understood", failover(new XmlClientFailoverConfigBuilder(path).build()));
                default:
                    throw new IllegalArgumentException("no kind of file: " + kind);
            }
        } catch (Throwable refusal) {
            return new JsonObject().add("refused", withCauses(refusal));
        }
    }

    private static String withCauses(Throwable refusal) {
        StringBuilder text = new StringBuilder(String.valueOf(refusal));
        for (Throwable cause = refusal.getCause(); cause != null; cause = cause.getCause()) {
            text.append("; because of ").append(cause);
        }
        return text.toString();
    }

    private static JsonObject failover(ClientFailoverConfig config) {
        JsonArray clients = new JsonArray();
        config.getClientConfigs().forEach(client -> clients.add(client(client)));
        return new JsonObject().add("try-count", config.getTryCount()).add("clients", clients);
    }

    private static JsonObject client(ClientConfig config) {
        JsonObject json = new JsonObject();
        json.add("cluster-name", text(config.getClusterName()));
        json.add("instance-name", text(config.getInstanceName()));
        json.add("client-labels", texts(new TreeSet<>(config.getLabels())));
        json.add("backup-ack-to-client-enabled", config.isBackupAckToClientEnabled());
        json.add("properties", properties(config));
        json.add("load-balancer", loadBalancer(config));
        json.add("sql.resubmission-mode", text(config.getSqlConfig().getResubmissionMode()));
        network(config.getNetworkConfig(), json);
        strategy(config.getConnectionStrategyConfig(), json);
        security(config.getSecurityConfig(), json);
        JsonObject caches = new JsonObject();
        new TreeMap<>(config.getNearCacheConfigMap()).forEach((name, cache) -> caches.add(name, nearCache(cache)));
        json.add("near-cache", caches);
        JsonObject generators = new JsonObject();
        new TreeMap<>(config.getFlakeIdGeneratorConfigMap()).forEach((name, one) -> generators.add(name, flakeIds(one)));
        json.add("flake-id-generator", generators);
        JsonObject topics = new JsonObject();
        new TreeMap<>(config.getReliableTopicConfigMap()).forEach((name, one) -> topics.add(name, topic(one)));
        json.add("reliable-topic", topics);
        json.add("serialization", serialization(config.getSerializationConfig()));
        return json;
    }

    /** What the client makes of its properties when it starts; one that it cannot use ends it, as it does there. */
    private static JsonObject properties(ClientConfig config) {
        HazelcastProperties properties = new HazelcastProperties(config.getProperties());
        JsonObject json = new JsonObject();
        for (HazelcastProperty one : new HazelcastProperty[] {ClientProperty.HEARTBEAT_TIMEOUT,
                ClientProperty.HEARTBEAT_INTERVAL, ClientProperty.INVOCATION_TIMEOUT_SECONDS,
                ClientProperty.INVOCATION_RETRY_PAUSE_MILLIS, ClientProperty.OPERATION_BACKUP_TIMEOUT_MILLIS,
                ClientProperty.STATISTICS_PERIOD_SECONDS}) {
            json.add(one.getName(), properties.getPositiveMillisOrDefault(one));
        }
        for (HazelcastProperty one : new HazelcastProperty[] {ClientProperty.SHUFFLE_MEMBER_LIST,
                ClientProperty.STATISTICS_ENABLED, ClientProperty.FAIL_ON_INDETERMINATE_OPERATION_STATE}) {
            json.add(one.getName(), properties.getBoolean(one));
        }
        for (HazelcastProperty one : new HazelcastProperty[] {ClientProperty.HAZELCAST_CLOUD_DISCOVERY_TOKEN,
                HazelcastCloudDiscovery.CLOUD_URL_BASE_PROPERTY}) {
            json.add(one.getName(), text(properties.getString(one)));
        }
        String publicIp = properties.getString(ClientProperty.DISCOVERY_SPI_PUBLIC_IP_ENABLED);
        json.add(ClientProperty.DISCOVERY_SPI_PUBLIC_IP_ENABLED.getName(), text(publicIp));
        return json;
    }

    private static void network(ClientNetworkConfig network, JsonObject json) {
        json.add("network.cluster-members", texts(network.getAddresses()));
        json.add("network.routing-mode", text(network.getClusterRoutingConfig().getRoutingMode()));
        json.add("network.redo-operation", network.isRedoOperation());
        json.add("network.connection-timeout", network.getConnectionTimeout());
        JsonArray ports = new JsonArray();
        if (network.getOutboundPortDefinitions() != null) {
            network.getOutboundPortDefinitions().forEach(one -> ports.add(text(one)));
        }
        json.add("network.outbound-ports", ports);
        SocketOptions socket = network.getSocketOptions();
        json.add("network.socket-options.tcp-no-delay", socket.isTcpNoDelay());
        json.add("network.socket-options.keep-alive", socket.isKeepAlive());
        json.add("network.socket-options.reuse-address", socket.isReuseAddress());
        json.add("network.socket-options.linger-seconds", socket.getLingerSeconds());
        json.add("network.socket-options.buffer-size", socket.getBufferSize());
        SSLConfig ssl = network.getSSLConfig();
        json.add("network.ssl.enabled", ssl != null && ssl.isEnabled());
        json.add("network.ssl.factory-class-name", ssl == null ? Json.NULL : text(ssl.getFactoryClassName()));
        json.add("network.ssl.properties", ssl == null ? new JsonObject() : map(ssl.getProperties()));
        json.add("network.hazelcast-cloud.enabled", network.getCloudConfig().isEnabled());
        json.add("network.hazelcast-cloud.discovery-token", text(network.getCloudConfig().getDiscoveryToken()));
        AliasedDiscoveryConfig<?> kubernetes = network.getKubernetesConfig();
        json.add("network.kubernetes.enabled", kubernetes.isEnabled());
        json.add("network.kubernetes", map(kubernetes.getProperties()));
    }

    private static void strategy(ClientConnectionStrategyConfig strategy, JsonObject json) {
        json.add("connection-strategy.async-start", strategy.isAsyncStart());
        json.add("connection-strategy.reconnect-mode", text(strategy.getReconnectMode()));
        ConnectionRetryConfig retry = strategy.getConnectionRetryConfig();
        String section = "connection-strategy.connection-retry.";
        json.add(section + "cluster-connect-timeout-millis", retry.getClusterConnectTimeoutMillis());
        json.add(section + "initial-backoff-millis", retry.getInitialBackoffMillis());
        json.add(section + "max-backoff-millis", retry.getMaxBackoffMillis());
        json.add(section + "multiplier", retry.getMultiplier());
        json.add(section + "jitter", retry.getJitter());
    }

    private static void security(ClientSecurityConfig security, JsonObject json) {
        UsernamePasswordIdentityConfig password = security.getUsernamePasswordIdentityConfig();
        json.add("security.username-password.username", password == null ? Json.NULL : text(password.getUsername()));
        json.add("security.username-password.password", password == null ? Json.NULL : text(password.getPassword()));
        TokenIdentityConfig token = security.getTokenIdentityConfig();
        json.add("security.token", token == null ? Json.NULL : text(token.getTokenEncoded()));
        json.add("security.token.bytes", token == null ? Json.NULL : bytes(token.getToken()));
        CredentialsFactoryConfig factory = security.getCredentialsFactoryConfig();
        json.add("security.credentials-factory", factory == null ? Json.NULL : text(factory.getClassName()));
        json.add("security.credentials-factory.properties", factory == null ? new JsonObject() : map(factory.getProperties()));
    }

    private static JsonValue loadBalancer(ClientConfig config) {
        if (config.getLoadBalancerClassName() != null) {
            return text(config.getLoadBalancerClassName());
        }
        return config.getLoadBalancer() == null ? Json.NULL : text(config.getLoadBalancer().getClass().getSimpleName());
    }

    private static JsonObject nearCache(NearCacheConfig cache) {
        EvictionConfig eviction = cache.getEvictionConfig();
        return new JsonObject()
                .add("in-memory-format", text(cache.getInMemoryFormat()))
                .add("serialize-keys", cache.isSerializeKeys())
                .add("invalidate-on-change", cache.isInvalidateOnChange())
                .add("time-to-live-seconds", cache.getTimeToLiveSeconds())
                .add("max-idle-seconds", cache.getMaxIdleSeconds())
                .add("local-update-policy", text(cache.getLocalUpdatePolicy()))
                .add("eviction-policy", text(eviction.getEvictionPolicy()))
                .add("max-size-policy", text(eviction.getMaxSizePolicy()))
                .add("size", eviction.getSize());
    }

    private static JsonObject flakeIds(ClientFlakeIdGeneratorConfig generator) {
        return new JsonObject()
                .add("prefetch-count", generator.getPrefetchCount())
                .add("prefetch-validity-millis", generator.getPrefetchValidityMillis());
    }

    private static JsonObject topic(ClientReliableTopicConfig topic) {
        return new JsonObject()
                .add("topic-overload-policy", text(topic.getTopicOverloadPolicy()))
                .add("read-batch-size", topic.getReadBatchSize());
    }

    private static JsonObject serialization(SerializationConfig config) {
        JsonObject json = new JsonObject();
        json.add("portable-version", config.getPortableVersion());
        json.add("use-native-byte-order", config.isUseNativeByteOrder());
        json.add("byte-order", text(config.getByteOrder()));
        json.add("check-class-def-errors", config.isCheckClassDefErrors());
        json.add("data-serializable-factories", map(config.getDataSerializableFactoryClasses()));
        json.add("portable-factories", map(config.getPortableFactoryClasses()));
        GlobalSerializerConfig global = config.getGlobalSerializerConfig();
        json.add("global-serializer", global == null ? Json.NULL : text(global.getClassName()));
        Map<String, String> serializers = new TreeMap<>();
        for (SerializerConfig one : config.getSerializerConfigs()) {
            serializers.put(one.getTypeClassName(), one.getClassName());
        }
        json.add("serializers", map(serializers));
        CompactSerializationConfig compact = config.getCompactSerializationConfig();
        json.add("compact-serializers", texts(CompactSerializationConfigAccessor.getSerializerClassNames(compact)));
        json.add("compact-classes", texts(CompactSerializationConfigAccessor.getCompactSerializableClassNames(compact)));
        return json;
    }

    private static JsonValue text(Object value) {
        return value == null ? Json.NULL : Json.value(String.valueOf(value));
    }

    private static JsonValue bytes(byte[] value) {
        JsonArray array = new JsonArray();
        for (byte one : value) {
            array.add(one & 0xff);
        }
        return array;
    }

    private static JsonArray texts(Collection<?> values) {
        JsonArray array = new JsonArray();
        values.forEach(value -> array.add(text(value)));
        return array;
    }

    private static JsonObject map(Map<?, ?> values) {
        JsonObject json = new JsonObject();
        Map<String, String> sorted = new TreeMap<>();
        values.forEach((name, value) -> sorted.put(String.valueOf(name), String.valueOf(value)));
        sorted.forEach((name, value) -> json.add(name, text(value)));
        return json;
    }
}
