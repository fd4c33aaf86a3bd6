package org.mobilevos.core;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Writes masks of one size as 8-bit PNGs with the palette of DAVIS, which the Python SDK and the tools of DAVIS read
 * (ISO 15948). Its buffers are made once; for one thread at a time.
 */
public final class PalettePng implements Closeable {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final byte[] IHDR = name("IHDR");
    private static final byte[] PLTE = name("PLTE");
    private static final byte[] IDAT = name("IDAT");
    private static final byte[] IEND = name("IEND");
    private static final byte[] NOTHING = {};
    private static final int BIT_DEPTH = 8;
    private static final int PALETTE_COLOURS = 3;
    private static final int BUFFER = 1 << 15;

    private final int width;
    private final int height;
    private final byte[] header;
    private final byte[] palette = new byte[Palette.SIZE * 3];
    // A row behind a 0: it is not filtered, as runs of ids compress best.
    private final byte[] row;
    private final byte[] compressed = new byte[BUFFER];
    private final byte[] number = new byte[4];
    private final CRC32 checksum = new CRC32();
    private final Deflater deflater = new Deflater(Deflater.BEST_SPEED);

    /** A writer of masks of one size in pixels. */
    public PalettePng(int width, int height) {
        this.width = width;
        this.height = height;
        row = new byte[1 + width];
        header = new byte[13];
        put(width, header, 0);
        put(height, header, 4);
        header[8] = BIT_DEPTH;
        header[9] = PALETTE_COLOURS;
        for (int id = 0; id < Palette.SIZE; id++) {
            int colour = Palette.rgb(id);
            palette[3 * id] = (byte) (colour >> 16);
            palette[3 * id + 1] = (byte) (colour >> 8);
            palette[3 * id + 2] = (byte) colour;
        }
    }

    /**
     * Writes a mask as a whole PNG; the stream stays open.
     *
     * @throws InvalidInputException the mask has another size
     * @throws IOException of the stream
     */
    public void write(Mask mask, OutputStream out) throws IOException {
        if (mask.width != width || mask.height != height) {
            throw new InvalidInputException("the mask is " + mask.width + "x" + mask.height + " but the PNG is "
                    + width + "x" + height + "; make a PalettePng of the mask's own size");
        }
        out.write(SIGNATURE);
        chunk(IHDR, header, header.length, out);
        chunk(PLTE, palette, palette.length, out);
        deflater.reset();
        int filled = 0;
        for (int y = 0; y < height; y++) {
            System.arraycopy(mask.ids, y * width, row, 1, width);
            deflater.setInput(row);
            if (y == height - 1) {
                deflater.finish();
            }
            while (y == height - 1 ? !deflater.finished() : !deflater.needsInput()) {
                filled += deflater.deflate(compressed, filled, BUFFER - filled);
                if (filled == BUFFER) {
                    chunk(IDAT, compressed, filled, out);
                    filled = 0;
                }
            }
        }
        chunk(IDAT, compressed, filled, out);
        chunk(IEND, NOTHING, 0, out);
    }

    /** Gives the compressor's memory back. */
    @Override
    public void close() {
        deflater.end();
    }

    private void chunk(byte[] name, byte[] content, int length, OutputStream out) throws IOException {
        put(length, number, 0);
        out.write(number);
        out.write(name);
        out.write(content, 0, length);
        checksum.reset();
        checksum.update(name);
        checksum.update(content, 0, length);
        put((int) checksum.getValue(), number, 0);
        out.write(number);
    }

    private static void put(int value, byte[] bytes, int at) {
        for (int index = 0; index < 4; index++) {
            bytes[at + index] = (byte) (value >> 24 - 8 * index);
        }
    }

    private static byte[] name(String chunk) {
        return chunk.getBytes(Charset.forName("US-ASCII"));
    }
}
