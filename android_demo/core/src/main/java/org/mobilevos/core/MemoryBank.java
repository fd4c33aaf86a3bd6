package org.mobilevos.core;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A queue of memorised frames: slot 0 is the reference and stays, the others are first in, first out, newest first. All
 * slots exist from the beginning and change places, so a frame costs a copy and no allocation (MobileVOS, Miles et al.,
 * 2023, section 3.1: a queue of 2).
 *
 * <p>Every object has its own memory where the spec's entries have an object axis. In the AOT family an entry holds all
 * objects at once, each on a channel: such a memory is shared, a new reference is one of all objects, and an object
 * that leaves keeps its channel, out of sight. Objects are positions here, 0 to N-1.
 */
final class MemoryBank {
    private final ArtifactSpec spec;
    private final boolean shared;
    private GraphSpec segment;
    private MemorySlot[] slots = {};
    private MemorySlot spare;
    private boolean[][] valid = {};
    private int[] channels = {};
    private final Map<String, Tensor> inputs = new LinkedHashMap<String, Tensor>();

    MemoryBank(ArtifactSpec spec) {
        this.spec = spec;
        boolean anyAxis = false;
        for (TensorSpec input : spec.graph(GraphSpec.Role.SEGMENT, 1).inputs) {
            anyAxis |= input.role == TensorSpec.Role.MEMORY && input.objectAxis != TensorSpec.NONE;
        }
        shared = !anyAxis;
    }

    /** The graph that reads this memory. */
    GraphSpec graph() {
        return segment;
    }

    /** Whether all objects share one memory. */
    boolean isShared() {
        return shared;
    }

    /** The number of objects. */
    int objects() {
        return channels.length;
    }

    /** Where each object is among the channels of the graph's masks. */
    int[] channels() {
        return channels;
    }

    /** The objects' ids in the order of the channels, with 0 where an object has left a shared memory. */
    int[] byChannel(int[] ids) {
        int[] result = new int[valid.length];
        for (int position = 0; position < channels.length; position++) {
            result[channels[position]] = ids[position];
        }
        return result;
    }

    /** All memory inputs of the graph by their names; the map stays the same, its values change. */
    Map<String, Tensor> inputs() {
        return inputs;
    }

    /** Forgets everything and makes an entry the reference of so many objects. */
    void reset(Map<String, Tensor> entry, int objects) {
        build(objects);
        slots[0].copyFrom(entry);
        for (boolean[] row : valid) {
            row[0] = true;
        }
        publish();
    }

    /**
     * Puts a frame into the newest slot; the oldest falls out, the reference stays.
     *
     * @param entry one of all objects
     * @param hidden for each object whether it keeps what it remembers; none does in a shared memory
     */
    void push(Map<String, Tensor> entry, boolean[] hidden) {
        if (spec.queue == 1) {
            return;
        }
        spare.copyFrom(entry);
        MemorySlot oldest = slots[spec.queue - 1];
        System.arraycopy(slots, 1, slots, 2, spec.queue - 2);
        slots[1] = spare;
        spare = oldest;
        for (int position = 0; position < valid.length; position++) {
            if (hidden[position]) {
                unmove(position);
            } else {
                System.arraycopy(valid[position], 1, valid[position], 2, spec.queue - 2);
                valid[position][1] = true;
            }
        }
        publish();
    }

    /** Puts the memory of an object back to the slots where it was before they moved. */
    private void unmove(int position) {
        for (int slot = 1; slot < spec.queue; slot++) {
            slots[slot].copyObject(slot + 1 < spec.queue ? slots[slot + 1] : spare, position, position);
        }
    }

    /**
     * Replaces the newest slot by another entry of the same frame, as when it is seen from elsewhere. A shared memory
     * stays: it begins anew with the objects that join or are corrected.
     *
     * @param entry one of the present objects, and perhaps of others after them
     * @param objects how many it has
     * @param hidden for each present object whether it keeps what it remembers
     */
    void renew(Map<String, Tensor> entry, int objects, boolean[] hidden) {
        if (spec.queue == 1 || shared) {
            return;
        }
        MemorySlot fresh = new MemorySlot(spec.graph(GraphSpec.Role.SEGMENT, objects));
        fresh.copyFrom(entry);
        for (int position = 0; position < objects(); position++) {
            if (!hidden[position]) {
                slots[1].copyObject(fresh, position, position);
            }
        }
    }

    /**
     * Appends objects; the entry is one of the present objects and the new ones. A shared memory begins anew with it.
     */
    void add(Map<String, Tensor> entry, int joining) {
        int before = objects();
        if (shared || before == 0) {
            reset(entry, before + joining);
            return;
        }
        MemorySlot[] old = slots;
        boolean[][] oldValid = valid;
        build(before + joining);
        for (int slot = 0; slot < spec.queue; slot++) {
            for (int position = 0; position < before; position++) {
                slots[slot].copyObject(old[slot], position, position);
            }
        }
        MemorySlot fresh = new MemorySlot(segment);
        fresh.copyFrom(entry);
        for (int position = before; position < before + joining; position++) {
            slots[0].copyObject(fresh, position, position);
            valid[position][0] = true;
        }
        System.arraycopy(oldValid, 0, valid, 0, before);
        publish();
    }

    /** Keeps the objects at some positions, in ascending order; the others are forgotten. */
    void keep(int[] positions) {
        if (shared || positions.length == 0) {
            int[] kept = new int[positions.length];
            for (int index = 0; index < kept.length; index++) {
                kept[index] = channels[positions[index]];
            }
            channels = kept;
            return;
        }
        MemorySlot[] old = slots;
        boolean[][] oldValid = valid;
        build(positions.length);
        for (int index = 0; index < positions.length; index++) {
            for (int slot = 0; slot < spec.queue; slot++) {
                slots[slot].copyObject(old[slot], positions[index], index);
            }
            valid[index] = oldValid[positions[index]];
        }
        publish();
    }

    /**
     * Gives the objects at some positions a new reference, which is their newest frame too; the past, which was wrong,
     * is forgotten. A shared memory begins anew, for all objects.
     */
    void correct(Map<String, Tensor> entry, int[] positions) {
        if (shared) {
            reset(entry, objects());
            return;
        }
        MemorySlot fresh = new MemorySlot(segment);
        fresh.copyFrom(entry);
        for (int position : positions) {
            Arrays.fill(valid[position], false);
            for (int slot = 0; slot < Math.min(2, spec.queue); slot++) {
                slots[slot].copyObject(fresh, position, position);
                valid[position][slot] = true;
            }
        }
        publish();
    }

    /** Empty memory for so many objects, each on the channel of its position. */
    private void build(int objects) {
        segment = spec.graph(GraphSpec.Role.SEGMENT, objects);
        slots = new MemorySlot[spec.queue];
        for (int slot = 0; slot < spec.queue; slot++) {
            slots[slot] = new MemorySlot(segment);
        }
        spare = new MemorySlot(segment);
        valid = new boolean[objects][spec.queue];
        channels = Planes.firstChannels(objects);
        inputs.clear();
        for (TensorSpec input : segment.inputs) {
            if (input.role == TensorSpec.Role.VALID) {
                inputs.put(input.name, input.newTensor());
            }
        }
    }

    /** Lets the graph's inputs be what the slots hold now. */
    private void publish() {
        for (int index = 0; index < segment.inputs.size(); index++) {
            TensorSpec input = segment.inputs.get(index);
            if (input.role == TensorSpec.Role.MEMORY) {
                inputs.put(input.name, slots[input.slot].tensor(input.entry));
            } else if (input.role == TensorSpec.Role.VALID) {
                writeValid(inputs.get(input.name));
            }
        }
    }

    private void writeValid(Tensor tensor) {
        for (int row = 0; row < valid.length; row++) {
            for (int slot = 0; slot < spec.queue; slot++) {
                tensor.floats.put(row * spec.queue + slot, valid[row][slot] ? 1f : 0f);
            }
        }
    }
}
