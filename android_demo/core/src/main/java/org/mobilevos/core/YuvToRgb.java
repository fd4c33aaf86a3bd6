package org.mobilevos.core;

import java.nio.ByteBuffer;

/**
 * Frames of a camera or decoder (YUV_420_888: a full plane of brightness and two of colour at half the size, rounded
 * up) as upright RGB pictures. Its buffers are made once; for one thread at a time.
 */
public final class YuvToRgb {
    /** What the numbers of a frame mean: weights of the colours (ITU-R BT.601 or BT.709) and their range. */
    public enum Encoding {
        /** 16..235 and 16..240. */
        BT601_VIDEO(0.299, 0.114, true),
        /** 0..255, as JFIF. */
        BT601_FULL(0.299, 0.114, false),
        /** 16..235 and 16..240, as videos in HD. */
        BT709_VIDEO(0.2126, 0.0722, true);

        private final double red;
        private final double blue;
        private final boolean video;

        Encoding(double red, double blue, boolean video) {
            this.red = red;
            this.blue = blue;
            this.video = video;
        }
    }

    private static final int LEVELS = 256;
    private static final int GREY = 128;
    private static final int BITS = 16;
    // Sums lie in -MARGIN..LIMITS.length-MARGIN; the table cuts them to 0..255.
    private static final int MARGIN = 384;
    private static final byte[] LIMITS = new byte[1024];

    static {
        for (int index = 0; index < LIMITS.length; index++) {
            LIMITS[index] = (byte) Math.min(Math.max(index - MARGIN, 0), LEVELS - 1);
        }
    }

    private final int width;
    private final int height;
    private final int rotation;
    private final int[] luma = new int[LEVELS];
    private final int[] redOfV = new int[LEVELS];
    private final int[] greenOfU = new int[LEVELS];
    private final int[] greenOfV = new int[LEVELS];
    private final int[] blueOfU = new int[LEVELS];
    private final byte[] yRow;
    private final byte[] uRow;
    private final byte[] vRow;
    // What the colours of one row add to red, green and blue.
    private final int[] reds;
    private final int[] greens;
    private final int[] blues;

    /** A converter for frames in BT.601's video range, as cameras give them unless they say otherwise. */
    public YuvToRgb(int width, int height, int rotation) {
        this(width, height, rotation, Encoding.BT601_VIDEO);
    }

    /**
     * A converter.
     *
     * @param width of the frames as they come, in pixels; odd ones too
     * @param height of the frames as they come
     * @param rotation by which a frame is turned clockwise to be upright: 0, 90, 180 or 270 degrees
     * @throws InvalidInputException another rotation, or no pixel
     */
    public YuvToRgb(int width, int height, int rotation, Encoding encoding) {
        if (rotation != 0 && rotation != 90 && rotation != 180 && rotation != 270) {
            throw new InvalidInputException("a frame cannot be turned by " + rotation
                    + " degrees; pass 0, 90, 180 or 270");
        }
        if (width < 1 || height < 1) {
            throw new InvalidInputException("a frame cannot be " + width + "x" + height + "; pass its size in pixels");
        }
        this.width = width;
        this.height = height;
        this.rotation = rotation;
        int half = (width + 1) / 2;
        yRow = new byte[width];
        uRow = new byte[2 * half];
        vRow = new byte[2 * half];
        reds = new int[half];
        greens = new int[half];
        blues = new int[half];
        fillTables(encoding);
    }

    private void fillTables(Encoding encoding) {
        double unit = 1 << BITS;
        double lumaGain = encoding.video ? 255 / 219.0 : 1;
        double chromaGain = encoding.video ? 255 / 224.0 : 1;
        int black = encoding.video ? 16 : 0;
        double green = 1 - encoding.red - encoding.blue;
        double redGain = 2 * (1 - encoding.red) * chromaGain;
        double blueGain = 2 * (1 - encoding.blue) * chromaGain;
        for (int level = 0; level < LEVELS; level++) {
            luma[level] = (int) Math.rint(((level - black) * lumaGain + MARGIN + 0.5) * unit);
            redOfV[level] = (int) Math.rint((level - GREY) * redGain * unit);
            greenOfU[level] = (int) Math.rint((GREY - level) * blueGain * encoding.blue / green * unit);
            greenOfV[level] = (int) Math.rint((GREY - level) * redGain * encoding.red / green * unit);
            blueOfU[level] = (int) Math.rint((level - GREY) * blueGain * unit);
        }
    }

    /** A picture for {@link #convert}: of the frames' size, with the sides exchanged at 90 and 270 degrees. */
    public RgbImage newImage() {
        return rotation % 180 == 0 ? new RgbImage(width, height) : new RgbImage(height, width);
    }

    /**
     * Converts a frame.
     *
     * @param y brightness from the buffer's position on, one byte a pixel; positions and limits stay as they are
     * @param u blue difference
     * @param v red difference
     * @param yRowStride bytes from one row to the next
     * @param uvRowStride the same for u and v
     * @param uvPixelStride bytes from one number to the next in u and v: 1, or 2 where they are interleaved
     * @param out of the size of {@link #newImage}
     * @throws InvalidInputException a stride or size that cannot be, or a buffer that is too short for them
     */
    public void convert(ByteBuffer y, ByteBuffer u, ByteBuffer v, int yRowStride, int uvRowStride, int uvPixelStride,
            RgbImage out) {
        if (uvPixelStride != 1 && uvPixelStride != 2) {
            throw new InvalidInputException("planes u and v have a pixel stride of " + uvPixelStride
                    + "; it must be 1 or 2, as in YUV_420_888");
        }
        int rowBytes = (reds.length - 1) * uvPixelStride + 1;
        check("y", y, yRowStride, width, height);
        check("u", u, uvRowStride, rowBytes, (height + 1) / 2);
        check("v", v, uvRowStride, rowBytes, (height + 1) / 2);
        boolean upright = rotation % 180 == 0;
        if (out.width != (upright ? width : height) || out.height != (upright ? height : width)) {
            throw new InvalidInputException("a frame of " + width + "x" + height + " turned by " + rotation
                    + " degrees does not fit a picture of " + out.width + "x" + out.height
                    + "; make it with newImage()");
        }
        int yStart = y.position();
        int uStart = u.position();
        int vStart = v.position();
        for (int row = 0; row < height; row++) {
            if (row % 2 == 0) {
                read(u, uStart + row / 2 * uvRowStride, uRow, rowBytes);
                read(v, vStart + row / 2 * uvRowStride, vRow, rowBytes);
                mixColours(uvPixelStride);
            }
            read(y, yStart + row * yRowStride, yRow, width);
            write(row, out.pixels);
        }
        y.position(yStart);
        u.position(uStart);
        v.position(vStart);
    }

    private void check(String plane, ByteBuffer buffer, int rowStride, int rowBytes, int rows) {
        if (rowStride < rowBytes) {
            throw new InvalidInputException("plane " + plane + " has a row stride of " + rowStride + ", less than the "
                    + rowBytes + " bytes of a row; pass the strides of the frame's own planes");
        }
        // The last row may end with its last number.
        long needed = (rows - 1L) * rowStride + rowBytes;
        if (buffer.remaining() < needed) {
            throw new InvalidInputException("plane " + plane + " has " + buffer.remaining() + " bytes, but a frame of "
                    + width + "x" + height + " with these strides has " + needed + "; pass the planes of one frame");
        }
    }

    private static void read(ByteBuffer plane, int position, byte[] row, int length) {
        plane.position(position);
        plane.get(row, 0, length);
    }

    private void mixColours(int pixelStride) {
        for (int x = 0; x < reds.length; x++) {
            int u = uRow[x * pixelStride] & 0xff;
            int v = vRow[x * pixelStride] & 0xff;
            reds[x] = redOfV[v];
            greens[x] = greenOfU[u] + greenOfV[v];
            blues[x] = blueOfU[u];
        }
    }

    private void write(int row, byte[] pixels) {
        int start;
        int step;
        if (rotation == 0) {
            start = row * width;
            step = 1;
        } else if (rotation == 90) { // the first row becomes the last column
            start = height - 1 - row;
            step = height;
        } else if (rotation == 180) {
            start = (height - row) * width - 1;
            step = -1;
        } else {
            start = (width - 1) * height + row;
            step = -height;
        }
        start *= RgbImage.CHANNELS;
        step *= RgbImage.CHANNELS;
        int pairs = width / 2;
        for (int x = 0, at = start; x < pairs; x++, at += 2 * step) {
            int red = reds[x];
            int green = greens[x];
            int blue = blues[x];
            put(luma[yRow[2 * x] & 0xff], red, green, blue, pixels, at);
            put(luma[yRow[2 * x + 1] & 0xff], red, green, blue, pixels, at + step);
        }
        if (width % 2 == 1) {
            int brightness = luma[yRow[width - 1] & 0xff];
            put(brightness, reds[pairs], greens[pairs], blues[pairs], pixels, start + (width - 1) * step);
        }
    }

    private static void put(int brightness, int red, int green, int blue, byte[] pixels, int at) {
        pixels[at] = LIMITS[brightness + red >> BITS & LIMITS.length - 1];
        pixels[at + 1] = LIMITS[brightness + green >> BITS & LIMITS.length - 1];
        pixels[at + 2] = LIMITS[brightness + blue >> BITS & LIMITS.length - 1];
    }
}
