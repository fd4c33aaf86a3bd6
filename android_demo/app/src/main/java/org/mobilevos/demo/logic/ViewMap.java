package org.mobilevos.demo.logic;

/** Where a frame lies in a view: whole, as large as it fits, in the middle. It cannot be changed. */
public final class ViewMap {
    public final int frameWidth;
    public final int frameHeight;
    /** Pixels of the view for one of the frame. */
    public final float scale;
    /** The frame's left edge in the view. */
    public final float left;
    /** The frame's top edge in the view. */
    public final float top;

    /** All sizes in pixels, 1 or more. */
    public ViewMap(int viewWidth, int viewHeight, int frameWidth, int frameHeight) {
        this.frameWidth = frameWidth;
        this.frameHeight = frameHeight;
        scale = Math.min((float) viewWidth / frameWidth, (float) viewHeight / frameHeight);
        left = (viewWidth - frameWidth * scale) / 2;
        top = (viewHeight - frameHeight * scale) / 2;
    }

    /** The frame's width in the view. */
    public float width() {
        return frameWidth * scale;
    }

    /** The frame's height in the view. */
    public float height() {
        return frameHeight * scale;
    }

    /** From a column of the view to one of the frame; beyond its edges, to the edge. */
    public int frameX(float viewX) {
        return clamp((viewX - left) / scale, frameWidth);
    }

    /** From a row of the view to one of the frame; beyond its edges, to the edge. */
    public int frameY(float viewY) {
        return clamp((viewY - top) / scale, frameHeight);
    }

    /** The left edge of a column of the frame, in the view. */
    public float viewX(float frameX) {
        return left + frameX * scale;
    }

    /** The top edge of a row of the frame, in the view. */
    public float viewY(float frameY) {
        return top + frameY * scale;
    }

    private static int clamp(float position, int side) {
        return Math.max(0, Math.min(side - 1, (int) Math.floor(position)));
    }
}
