package org.mobilevos.core;

/** The masks of some objects at the model's size, (1, H, W, C) in 0..1, each object on a channel of its own. */
final class Planes {
    final Tensor tensor;
    private final int[] channels;

    /**
     * Planes around a tensor.
     *
     * @param channels where each object is
     */
    Planes(Tensor tensor, int[] channels) {
        this.tensor = tensor;
        this.channels = channels;
    }

    /** The channels 0 to count-1. */
    static int[] firstChannels(int count) {
        int[] channels = new int[count];
        for (int channel = 0; channel < count; channel++) {
            channels[channel] = channel;
        }
        return channels;
    }

    /** Where an object is. */
    int channel(int position) {
        return channels[position];
    }

    /** The objects at some positions only; the tensor is the same. */
    Planes kept(int[] positions) {
        int[] kept = new int[positions.length];
        for (int index = 0; index < kept.length; index++) {
            kept[index] = channels[positions[index]];
        }
        return new Planes(tensor, kept);
    }

    /**
     * Writes the objects, less the pixels that others take, to the first channels of another tensor.
     *
     * @param taken (1, H, W, 1): the share of each pixel that is taken
     */
    void carve(Tensor taken, Tensor out) {
        for (int position = 0; position < channels.length; position++) {
            for (int pixel = 0; pixel < taken.size(); pixel++) {
                float share = tensor.floats.get(pixel * tensor.side(3) + channels[position]);
                out.floats.put(pixel * out.side(3) + position, share * (1f - taken.floats.get(pixel)));
            }
        }
    }

    /** Writes the first channels of a tensor to some channels of another. */
    static void put(Tensor source, Tensor out, int[] channels) {
        int pixels = out.size() / out.side(3);
        for (int index = 0; index < channels.length; index++) {
            for (int pixel = 0; pixel < pixels; pixel++) {
                float share = source.floats.get(pixel * source.side(3) + index);
                out.floats.put(pixel * out.side(3) + channels[index], share);
            }
        }
    }
}
