package org.mobilevos.core;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What all objects remember of one frame: a tensor for each name of an entry ({@code key}, {@code value}). */
final class MemorySlot {
    private final List<TensorSpec> parts = new ArrayList<TensorSpec>();
    private final Map<String, Tensor> tensors = new HashMap<String, Tensor>();

    /**
     * An empty slot, all zeros, for the memory that a graph reads.
     *
     * @throws ArtifactException the numbers of one object do not lie together
     */
    MemorySlot(GraphSpec segment) {
        for (TensorSpec input : segment.inputs) {
            if (input.role == TensorSpec.Role.MEMORY && input.slot == 0) {
                check(input);
                parts.add(input);
                tensors.put(input.entry, input.newTensor());
            }
        }
    }

    Tensor tensor(String entry) {
        return tensors.get(entry);
    }

    /** Takes an entry in; what all objects of a frame share (1 on the object axis) is repeated for each of them. */
    void copyFrom(Map<String, Tensor> entry) {
        for (int index = 0; index < parts.size(); index++) {
            Tensor source = entry.get(parts.get(index).entry);
            Tensor target = tensors.get(parts.get(index).entry);
            for (int at = 0; at < target.size(); at += source.size()) {
                copy(source.floats, 0, target.floats, at, source.size());
            }
        }
    }

    /** Takes the memory of one object from another slot, which may be of another number of objects. */
    void copyObject(MemorySlot source, int from, int to) {
        for (TensorSpec part : parts) {
            Tensor target = tensors.get(part.entry);
            int length = target.size() / target.side(part.objectAxis);
            copy(source.tensors.get(part.entry).floats, from * length, target.floats, to * length, length);
        }
    }

    private static void check(TensorSpec input) {
        for (int axis = 0; axis < input.objectAxis; axis++) {
            if (input.side(axis) != 1) {
                throw new ArtifactException("the memory '" + input.name + "' is not laid out object by object; "
                        + "update the app, or export the model again");
            }
        }
    }

    private static void copy(FloatBuffer source, int from, FloatBuffer target, int to, int length) {
        source.limit(from + length);
        source.position(from);
        target.position(to);
        target.put(source);
        source.clear();
        target.clear();
    }
}
