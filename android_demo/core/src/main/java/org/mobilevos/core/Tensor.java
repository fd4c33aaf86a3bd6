package org.mobilevos.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Numbers (float32) of a static shape in memory that a native runtime reads and writes without a copy. */
public final class Tensor {
    static final int BYTES_OF_A_NUMBER = 4;

    private final int[] shape;
    /** All bytes, direct, of the machine's order; position 0. */
    public final ByteBuffer bytes;
    /** The same memory as numbers; use absolute positions, or rewind it after use. */
    public final FloatBuffer floats;

    /**
     * A tensor of zeros.
     *
     * @param shape the sides, row-major
     */
    public Tensor(int... shape) {
        this.shape = shape.clone();
        bytes = ByteBuffer.allocateDirect(size() * BYTES_OF_A_NUMBER).order(ByteOrder.nativeOrder());
        floats = bytes.asFloatBuffer();
    }

    /** The number of numbers. */
    public int size() {
        return product(shape, 0);
    }

    /** The number of sides. */
    public int rank() {
        return shape.length;
    }

    /** One side of the shape. */
    public int side(int axis) {
        return shape[axis];
    }

    /** Fills it with one number. */
    public void fill(float value) {
        for (int index = 0; index < floats.capacity(); index++) {
            floats.put(index, value);
        }
    }

    /** Makes it equal to another tensor of as many numbers. */
    public void copyFrom(Tensor other) {
        other.floats.rewind();
        floats.rewind();
        floats.put(other.floats);
        other.floats.rewind();
        floats.rewind();
    }

    /** The product of the sides from an axis on. */
    static int product(int[] shape, int from) {
        int product = 1;
        for (int axis = from; axis < shape.length; axis++) {
            product *= shape[axis];
        }
        return product;
    }
}
