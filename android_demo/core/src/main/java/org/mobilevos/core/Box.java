package org.mobilevos.core;

/** A rectangle on the frame in pixels: left, top, width and height. It cannot be changed. */
public final class Box {
    public final int x;
    public final int y;
    public final int width;
    public final int height;

    /** A rectangle; what is done with it says which ones can be used. */
    public Box(int x, int y, int width, int height) {
        this.x = x;
        this.y = y;
        this.width = width;
        this.height = height;
    }

    /** The column after the last one. */
    public int right() {
        return x + width;
    }

    /** The row after the last one. */
    public int bottom() {
        return y + height;
    }

    /** Width times height. */
    public long area() {
        return (long) width * height;
    }

    /** The number in the frame of one of its own pixels, both counted row by row. */
    int pixelOf(int own, int frameWidth) {
        return (y + own / width) * frameWidth + x + own % width;
    }

    /** Whether another rectangle lies in this one. */
    boolean contains(Box other) {
        return other.x >= x && other.y >= y && other.right() <= right() && other.bottom() <= bottom();
    }

    /** The smallest rectangle around this one and another; around this one alone where the other is null. */
    Box with(Box other) {
        if (other == null) {
            return this;
        }
        int left = Math.min(x, other.x);
        int top = Math.min(y, other.y);
        return new Box(left, top, Math.max(right(), other.right()) - left, Math.max(bottom(), other.bottom()) - top);
    }

    /** This rectangle with a margin, as far as the frame goes. */
    Box grown(int across, int down, int frameWidth, int frameHeight) {
        int left = Math.max(x - across, 0);
        int top = Math.max(y - down, 0);
        return new Box(left, top, Math.min(right() + across, frameWidth) - left,
                Math.min(bottom() + down, frameHeight) - top);
    }

    @Override
    public boolean equals(Object object) {
        if (!(object instanceof Box)) {
            return false;
        }
        Box other = (Box) object;
        return x == other.x && y == other.y && width == other.width && height == other.height;
    }

    @Override
    public int hashCode() {
        return ((x * 31 + y) * 31 + width) * 31 + height;
    }

    /** {@code x,y,width,height}. */
    @Override
    public String toString() {
        return x + "," + y + "," + width + "," + height;
    }
}
