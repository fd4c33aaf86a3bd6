package org.mobilevos.core;

import java.util.Locale;
import org.json.JSONException;
import org.json.JSONObject;

/** One input or output of a graph, always float32. */
public final class TensorSpec {
    /** What a tensor is for. */
    public enum Role {
        FRAME,
        MASKS,
        PROBABILITIES,
        /** Goes from segment to memorize. */
        STATE,
        /** An output to be memorised. */
        ENTRY,
        /** An entry in a slot, as input. */
        MEMORY,
        VALID
    }

    /** No slot, or no axis of objects. */
    public static final int NONE = -1;

    public final String name;
    public final Role role;
    private final int[] shape;
    /** For an entry and for memory: which part of an entry it is, such as {@code key}; else null. */
    public final String entry;
    /** For memory: the slot of the queue, 0 for the reference frame; else {@link #NONE}. */
    public final int slot;
    /**
     * For an entry and for memory: the axis of the objects; a side of 1 there is shared by all of them. {@link #NONE}:
     * the tensor belongs to the frame, with all objects in it.
     */
    public final int objectAxis;

    TensorSpec(JSONObject json) throws JSONException {
        name = json.getString("name");
        role = Role.valueOf(json.getString("role").toUpperCase(Locale.ROOT));
        shape = Json.integers(json.getJSONArray("shape"));
        entry = json.isNull("entry") ? null : json.getString("entry");
        slot = json.isNull("slot") ? NONE : json.getInt("slot");
        objectAxis = json.isNull("object_axis") ? NONE : json.getInt("object_axis");
    }

    /** The static shape. */
    public int[] shape() {
        return shape.clone();
    }

    /** One side of the shape. */
    public int side(int axis) {
        return shape[axis];
    }

    /** A tensor of zeros of this shape. */
    public Tensor newTensor() {
        return new Tensor(shape);
    }
}
