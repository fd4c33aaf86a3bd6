package org.mobilevos.demo.logic;

import java.nio.ByteBuffer;

/**
 * The part of a YUV 4:2:0 image that is seen, as large as it is or with only every n-th pixel of each row and column.
 * An image that needs no change is passed on as it is, without a copy. Buffers are made once.
 */
public final class YuvPart {
    public final int sourceWidth;
    public final int sourceHeight;
    /** Pixels of the result. */
    public final int width;
    public final int height;
    private final int divisor;
    // Made when they are needed.
    private ByteBuffer ownY;
    private ByteBuffer ownU;
    private ByteBuffer ownV;
    private ByteBuffer y;
    private ByteBuffer u;
    private ByteBuffer v;
    private int yRowStride;
    private int uvRowStride;
    private int uvPixelStride;

    /**
     * For images of one size.
     *
     * @param divisor 1 or more; the result has even sides where it is not 1
     */
    public YuvPart(int sourceWidth, int sourceHeight, int divisor) {
        this.sourceWidth = sourceWidth;
        this.sourceHeight = sourceHeight;
        this.divisor = divisor;
        width = divisor == 1 ? sourceWidth : sourceWidth / divisor & ~1;
        height = divisor == 1 ? sourceHeight : sourceHeight / divisor & ~1;
    }

    /**
     * Takes an image. The planes' positions are changed, so pass duplicates where that matters.
     *
     * @param left the first column that is seen, even
     * @param top the first row that is seen, even
     */
    public void take(int left, int top, ByteBuffer planeY, int rowY, int pixelY,
            ByteBuffer planeU, ByteBuffer planeV, int rowUv, int pixelUv) {
        int startY = top * rowY + left * pixelY;
        int startUv = top / 2 * rowUv + left / 2 * pixelUv;
        if (divisor == 1 && pixelY == 1 && pixelUv <= 2) {
            y = from(planeY, startY);
            u = from(planeU, startUv);
            v = from(planeV, startUv);
            yRowStride = rowY;
            uvRowStride = rowUv;
            uvPixelStride = pixelUv;
            return;
        }
        int halfWidth = (width + 1) / 2;
        int halfHeight = (height + 1) / 2;
        if (ownY == null) {
            ownY = ByteBuffer.allocateDirect(width * height);
            ownU = ByteBuffer.allocateDirect(halfWidth * halfHeight);
            ownV = ByteBuffer.allocateDirect(halfWidth * halfHeight);
        }
        y = copy(planeY, startY, rowY, pixelY, ownY, width, height);
        u = copy(planeU, startUv, rowUv, pixelUv, ownU, halfWidth, halfHeight);
        v = copy(planeV, startUv, rowUv, pixelUv, ownV, halfWidth, halfHeight);
        yRowStride = width;
        uvRowStride = halfWidth;
        uvPixelStride = 1;
    }

    /** Brightness, from its position on, one byte a pixel. */
    public ByteBuffer y() {
        return y;
    }

    /** Blue difference, from its position on. */
    public ByteBuffer u() {
        return u;
    }

    /** Red difference, from its position on. */
    public ByteBuffer v() {
        return v;
    }

    /** Bytes from one row of {@link #y} to the next. */
    public int yRowStride() {
        return yRowStride;
    }

    /** Bytes from one row of {@link #u} and {@link #v} to the next. */
    public int uvRowStride() {
        return uvRowStride;
    }

    /** Bytes from one number of {@link #u} and {@link #v} to the next: 1 or 2. */
    public int uvPixelStride() {
        return uvPixelStride;
    }

    private static ByteBuffer from(ByteBuffer plane, int start) {
        plane.position(start);
        return plane;
    }

    private ByteBuffer copy(ByteBuffer plane, int start, int rowStride, int pixelStride, ByteBuffer out, int columns,
            int rows) {
        for (int row = 0; row < rows; row++) {
            int at = start + row * divisor * rowStride;
            for (int column = 0; column < columns; column++) {
                out.put(row * columns + column, plane.get(at));
                at += divisor * pixelStride;
            }
        }
        return out;
    }
}
