package org.mobilevos.core;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * An engine that has only those graphs of an artifact open that are in use, as the Python SDK's backend for LiteRT:
 * those that run on every frame, for the numbers of objects that were asked for so far. {@code start} runs once a video
 * or so and is opened for that one run.
 */
public abstract class OnDemandEngine implements Engine {
    /** Some graphs of a model that a runtime has opened. */
    public interface Runner {
        /** Runs one of them; as {@link Engine#run}. */
        void run(GraphSpec graph, Map<String, Tensor> inputs, Map<String, Tensor> outputs);

        /** Gives the memory back; called once. */
        void close();
    }

    private final Artifact artifact;
    private final TfliteGraphs file;
    // Numbers of objects whose graphs have been run, and the names of the graphs that are open.
    private final Set<Integer> counts = new TreeSet<Integer>(Collections.reverseOrder());
    private final List<String> opened = new ArrayList<String>();
    private Runner runner;
    private boolean closed;

    /** An engine for an artifact, with nothing open. */
    protected OnDemandEngine(Artifact artifact) {
        this.artifact = artifact;
        file = new TfliteGraphs(artifact.model());
    }

    /**
     * Opens a model.
     *
     * @param model a flatbuffer of some graphs, direct; to be kept for as long as the runtime reads it
     * @param once whether it is for a single run, for which no GPU is worth its start
     * @throws EngineException the runtime cannot load it
     */
    protected abstract Runner open(ByteBuffer model, boolean once);

    @Override
    public final ArtifactSpec spec() {
        return artifact.spec;
    }

    @Override
    public final void run(GraphSpec graph, Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
        if (closed) {
            throw new EngineException("this engine has been closed; open the artifact again");
        }
        if (graph.role == GraphSpec.Role.START) {
            Runner once = open(file.cut(Collections.singleton(graph.name)), true);
            try {
                once.run(graph, inputs, outputs);
            } finally {
                once.close();
            }
            return;
        }
        counts.add(graph.objects); // also those that were open from the start: they are in use now
        if (runner == null || !opened.contains(graph.name)) {
            prepare(counts);
        }
        runner.run(graph, inputs, outputs);
    }

    /** Opens the graphs of one object, so that it is known what runs them before there is a first frame. */
    protected final void prepare() {
        prepare(Collections.singleton(1));
    }

    private void prepare(Set<Integer> objects) {
        closeRunner();
        opened.clear();
        // What graphs work in is shared and grows with the largest so far, so that one is put first: memorize needs
        // most.
        for (GraphSpec.Role role : new GraphSpec.Role[] {GraphSpec.Role.MEMORIZE, GraphSpec.Role.SEGMENT}) {
            for (int count : objects) {
                String name = spec().graph(role, count).name;
                if (!opened.contains(name)) {
                    opened.add(name);
                }
            }
        }
        runner = open(file.cut(opened), false);
    }

    @Override
    public final void close() {
        closed = true;
        closeRunner();
    }

    private void closeRunner() {
        if (runner != null) {
            runner.close();
            runner = null;
        }
    }
}
