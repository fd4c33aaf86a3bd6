package org.mobilevos.core;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.json.JSONException;

/**
 * Makes sure that a spec holds together, so that nothing behind it has to look again: an artifact's checksum does not
 * cover it, and native memory is taken and written to by its shapes.
 */
final class SpecChecks {
    private static final int MOST_SIDES = 4;

    private final ArtifactSpec spec;

    private SpecChecks(ArtifactSpec spec) {
        this.spec = spec;
    }

    /**
     * Checks all graphs, and that they fit together for every number of objects.
     *
     * @throws JSONException what is wrong
     * @throws ArtifactException a graph is missing
     */
    static void check(ArtifactSpec spec) throws JSONException {
        require(spec.queue > 0 && spec.width > 0 && spec.height > 0, "a size is under 1");
        require(spec.maxObjects > 0 && spec.maxObjects <= Constants.MAX_OBJECT_ID,
                "it follows " + spec.maxObjects + " objects");
        SpecChecks checks = new SpecChecks(spec);
        for (GraphSpec graph : spec.graphs) {
            checks.tensors(graph, graph.inputs, inputsOf(graph.role));
            checks.tensors(graph, graph.outputs, outputsOf(graph.role));
        }
        for (int objects = 1; objects <= spec.maxObjects; objects++) {
            GraphSpec segment = spec.graph(GraphSpec.Role.SEGMENT, objects);
            GraphSpec memorize = spec.graph(GraphSpec.Role.MEMORIZE, segment.objects);
            checks.memory(segment);
            entry(spec.graph(GraphSpec.Role.START, objects), segment);
            entry(memorize, segment);
            require(memorize.objects == segment.objects, "'" + memorize.name + "' does not fit '" + segment.name + "'");
            for (TensorSpec state : memorize.inputs) {
                require(state.role != TensorSpec.Role.STATE || isAmong(segment.outputs, state),
                        "'" + segment.name + "' does not give '" + state.name + "'");
            }
        }
    }

    private static Set<TensorSpec.Role> inputsOf(GraphSpec.Role role) {
        if (role == GraphSpec.Role.START) {
            return EnumSet.of(TensorSpec.Role.FRAME, TensorSpec.Role.MASKS);
        }
        return role == GraphSpec.Role.SEGMENT
                ? EnumSet.of(TensorSpec.Role.FRAME, TensorSpec.Role.MEMORY, TensorSpec.Role.VALID)
                : EnumSet.of(TensorSpec.Role.FRAME, TensorSpec.Role.MASKS, TensorSpec.Role.STATE);
    }

    private static Set<TensorSpec.Role> outputsOf(GraphSpec.Role role) {
        return role == GraphSpec.Role.SEGMENT
                ? EnumSet.of(TensorSpec.Role.PROBABILITIES, TensorSpec.Role.STATE)
                : EnumSet.of(TensorSpec.Role.ENTRY);
    }

    private void tensors(GraphSpec graph, List<TensorSpec> tensors, Set<TensorSpec.Role> roles) throws JSONException {
        for (TensorSpec tensor : tensors) {
            require(roles.contains(tensor.role) && isFit(graph, tensor),
                    "'" + tensor.name + "' does not fit '" + graph.name + "'");
        }
        for (TensorSpec.Role needed : EnumSet.of(TensorSpec.Role.MASKS, TensorSpec.Role.PROBABILITIES)) {
            require(!roles.contains(needed) || GraphSpec.find(tensors, needed) != null,
                    "'" + graph.name + "' has no " + needed.name().toLowerCase(Locale.ROOT));
        }
    }

    private boolean isFit(GraphSpec graph, TensorSpec tensor) {
        int[] shape = tensor.shape();
        long size = size(shape);
        if (size < 1 || size > Integer.MAX_VALUE / Tensor.BYTES_OF_A_NUMBER) {
            return false;
        }
        switch (tensor.role) {
            case FRAME:
                return Arrays.equals(shape, new int[] {1, spec.height, spec.width, RgbImage.CHANNELS});
            case MASKS:
            case PROBABILITIES:
                return Arrays.equals(shape, new int[] {1, spec.height, spec.width, graph.objects});
            case VALID:
                return size == (long) graph.objects * spec.queue;
            case MEMORY:
                return tensor.entry != null && tensor.slot >= 0 && tensor.slot < spec.queue
                        && (tensor.objectAxis == TensorSpec.NONE || isAxis(tensor, shape, graph.objects));
            case ENTRY:
                return tensor.entry != null;
            default:
                return true;
        }
    }

    /** The number of numbers, or the largest integer where there are more; 0 for what is no shape. */
    private static long size(int[] shape) {
        long size = shape.length > MOST_SIDES ? 0 : 1;
        for (int side : shape) {
            size = Math.min(size * Math.max(side, 0), Integer.MAX_VALUE);
        }
        return size;
    }

    private static boolean isAxis(TensorSpec tensor, int[] shape, int objects) {
        return tensor.objectAxis >= 0 && tensor.objectAxis < shape.length && shape[tensor.objectAxis] == objects;
    }

    /** All slots of a memory are alike, and it is shared by all objects or by none, whatever their number. */
    private void memory(GraphSpec segment) throws JSONException {
        TensorSpec first = GraphSpec.find(spec.graph(GraphSpec.Role.SEGMENT, 1).inputs, TensorSpec.Role.MEMORY);
        int tensors = 0;
        for (TensorSpec input : segment.inputs) {
            if (input.role == TensorSpec.Role.MEMORY) {
                TensorSpec reference = reference(segment, input.entry);
                require(reference != null && Arrays.equals(reference.shape(), input.shape())
                                && reference.objectAxis == input.objectAxis
                                && (input.objectAxis == TensorSpec.NONE) == (first.objectAxis == TensorSpec.NONE),
                        "'" + input.name + "' does not fit the memory of '" + segment.name + "'");
                tensors++;
            }
        }
        require(tensors >= spec.queue, "'" + segment.name + "' has no input for some slots of its memory");
    }

    /** The memory's reference slot takes what a graph gives; a 1 on the axis of objects is repeated. */
    private static void entry(GraphSpec graph, GraphSpec segment) throws JSONException {
        for (TensorSpec input : segment.inputs) {
            if (input.role == TensorSpec.Role.MEMORY && input.slot == 0) {
                boolean found = false;
                for (TensorSpec output : graph.outputs) {
                    found |= input.entry.equals(output.entry) && isTaken(output.shape(), input);
                }
                require(found, "'" + graph.name + "' does not give '" + input.name + "' of '" + segment.name + "'");
            }
        }
    }

    private static boolean isTaken(int[] given, TensorSpec input) {
        int[] shape = input.shape();
        if (input.objectAxis != TensorSpec.NONE && given.length == shape.length && given[input.objectAxis] == 1) {
            shape[input.objectAxis] = 1;
        }
        return Arrays.equals(given, shape);
    }

    private static TensorSpec reference(GraphSpec segment, String entry) {
        for (TensorSpec input : segment.inputs) {
            if (input.role == TensorSpec.Role.MEMORY && input.slot == 0 && input.entry.equals(entry)) {
                return input;
            }
        }
        return null;
    }

    private static boolean isAmong(List<TensorSpec> tensors, TensorSpec wanted) {
        for (TensorSpec tensor : tensors) {
            if (tensor.name.equals(wanted.name)) {
                return Arrays.equals(tensor.shape(), wanted.shape());
            }
        }
        return false;
    }

    private static void require(boolean condition, String fault) throws JSONException {
        if (!condition) {
            throw new JSONException(fault);
        }
    }
}
