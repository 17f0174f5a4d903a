import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.opensearch.Version;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.PluginInfo;

/**
 * A real OpenSearch node for tests, its modules taken from the class path instead of a modules/ folder.
 *
 * It does not pass through org.opensearch.bootstrap, so there are no bootstrap checks (root, vm.max_map_count, file
 * limits) and no Java agent. One JVM holds one node, so that a test can lose a node by killing a process.
 */
public final class Node extends org.opensearch.node.Node {
    private static final List<String> MODULES = List.of(
            "org.opensearch.transport.Netty4ModulePlugin",
            "org.opensearch.index.reindex.ReindexModulePlugin",
            "org.opensearch.index.mapper.MapperExtrasModulePlugin",
            "org.opensearch.painless.PainlessModulePlugin",
            "org.opensearch.script.expression.ExpressionModulePlugin",
            "org.opensearch.script.mustache.MustacheModulePlugin",
            "org.opensearch.ingest.common.IngestCommonModulePlugin",
            "org.opensearch.join.ParentJoinModulePlugin",
            "org.opensearch.percolator.PercolatorModulePlugin",
            "org.opensearch.search.aggregations.matrix.MatrixAggregationModulePlugin",
            "org.opensearch.index.rankeval.RankEvalModulePlugin",
            "org.opensearch.search.pipeline.common.SearchPipelineCommonModulePlugin");

    private Node(Environment environment, Collection<PluginInfo> modules) {
        super(environment, modules, true);
    }

    private static PluginInfo info(String name) {
        String java = Integer.toString(Runtime.version().feature());
        return new PluginInfo(name, "module on the class path", "NA", Version.CURRENT, java, name, List.of(), false);
    }

    /** First the node's home folder, with config/opensearch.yml and config/log4j2.properties; then its modules, if not all of them. */
    public static void main(String[] args) throws Exception {
        Path config = Path.of(args[0], "config").toAbsolutePath();
        Settings home = Settings.builder().put("path.home", config.getParent().toString()).build();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(home, Map.of(), config, () -> "test");
        LogConfigurator.setNodeName(environment.settings().get("node.name", "test"));
        LogConfigurator.configure(environment);

        Collection<PluginInfo> modules = new ArrayList<>();
        for (String name : args.length > 1 ? List.of(args).subList(1, args.length) : MODULES) {
            Class.forName(name).asSubclass(Plugin.class);   // a missing module fails here, by name
            modules.add(info(name));
        }
        Node node = new Node(environment, modules);
        CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (IOException e) {
                e.printStackTrace();
            } finally {
                closed.countDown();
            }
        }));
        node.start();
        closed.await();
    }
}
