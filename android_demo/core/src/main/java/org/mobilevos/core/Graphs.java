package org.mobilevos.core;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Calls the graphs of an engine by role, whatever the spec calls their tensors, with outputs that are made once. */
final class Graphs {
    private final Engine engine;
    private final Map<String, Map<String, Tensor>> outputs = new HashMap<String, Map<String, Tensor>>();
    private final Map<String, Map<String, Tensor>> inputs = new HashMap<String, Map<String, Tensor>>();
    private final Map<String, Map<String, Tensor>> entries = new HashMap<String, Map<String, Tensor>>();

    Graphs(Engine engine) {
        this.engine = engine;
    }

    /**
     * Segments a frame.
     *
     * @param memory the inputs of the graph's memory
     * @param probabilities is written to: (1, H, W, N), 0..1
     * @return all outputs by name, among them the state that {@link #memorize} takes; valid until the next call
     */
    Map<String, Tensor> segment(GraphSpec graph, Tensor frame, Map<String, Tensor> memory, Tensor probabilities) {
        Map<String, Tensor> in = inputs(graph);
        for (int index = 0; index < graph.inputs.size(); index++) {
            TensorSpec input = graph.inputs.get(index);
            in.put(input.name, input.role == TensorSpec.Role.FRAME ? frame : memory.get(input.name));
        }
        Map<String, Tensor> out = outputs(graph);
        out.put(GraphSpec.find(graph.outputs, TensorSpec.Role.PROBABILITIES).name, probabilities);
        engine.run(graph, in, out);
        return out;
    }

    /**
     * The memory entry of a frame and its masks (1, H, W, N): tensors by the names of an entry, valid until the next
     * call.
     */
    Map<String, Tensor> start(Tensor frame, Tensor masks) {
        GraphSpec graph = engine.spec().graph(GraphSpec.Role.START, masks.side(3));
        return entry(graph, frame, masks, null);
    }

    /** The memory entry of a segmented frame, as {@link #start}. */
    Map<String, Tensor> memorize(Map<String, Tensor> state, Tensor masks, Tensor frame) {
        GraphSpec graph = engine.spec().graph(GraphSpec.Role.MEMORIZE, masks.side(3));
        return entry(graph, frame, masks, state);
    }

    private Map<String, Tensor> entry(GraphSpec graph, Tensor frame, Tensor masks, Map<String, Tensor> state) {
        Map<String, Tensor> in = inputs(graph);
        for (int index = 0; index < graph.inputs.size(); index++) {
            TensorSpec input = graph.inputs.get(index);
            in.put(input.name, input.role == TensorSpec.Role.FRAME
                    ? frame
                    : input.role == TensorSpec.Role.MASKS ? masks : state.get(input.name));
        }
        Map<String, Tensor> out = outputs(graph);
        engine.run(graph, in, out);
        Map<String, Tensor> entry = entries.get(graph.name);
        if (entry == null) {
            entry = new LinkedHashMap<String, Tensor>();
            for (TensorSpec output : graph.outputs) {
                entry.put(output.entry, out.get(output.name));
            }
            entries.put(graph.name, entry);
        }
        return entry;
    }

    private Map<String, Tensor> inputs(GraphSpec graph) {
        Map<String, Tensor> map = inputs.get(graph.name);
        if (map == null) {
            map = new HashMap<String, Tensor>();
            inputs.put(graph.name, map);
        }
        return map;
    }

    private Map<String, Tensor> outputs(GraphSpec graph) {
        Map<String, Tensor> map = outputs.get(graph.name);
        if (map == null) {
            map = graph.newOutputs();
            outputs.put(graph.name, map);
        }
        return map;
    }
}
