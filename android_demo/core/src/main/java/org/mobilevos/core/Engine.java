package org.mobilevos.core;

import java.io.Closeable;
import java.util.Map;

/**
 * A runtime that has loaded an artifact and runs its graphs. For use in one thread at a time: the one that made it,
 * since a GPU delegate is bound to it.
 */
public interface Engine extends Closeable {
    /** What the artifact's graphs take and give. */
    ArtifactSpec spec();

    /**
     * The runtime and the delegate that really runs the graphs, for reports: {@code litert-cpu}, {@code litert-gpu}.
     */
    String name();

    /** Why the delegate that was asked for is not the one in use, in words; empty where it is. */
    String fallbackReason();

    /**
     * Runs a graph. Allocates nothing of its own where the runtime allows it.
     *
     * @param graph one of {@link #spec}
     * @param inputs all inputs of the graph by their names in the spec; they are not written to
     * @param outputs all outputs of the graph by their names in the spec, which are written to; none is an input
     * @throws EngineException the runtime refuses
     */
    void run(GraphSpec graph, Map<String, Tensor> inputs, Map<String, Tensor> outputs);

    /** Gives the runtime's memory back; a second call does nothing. */
    @Override
    void close();
}
