package org.mobilevos.core;

/** A rectangle of a frame's pixels that is set anew for each frame. */
final class Region {
    int left;
    int top;
    int width;
    int height;

    void set(int left, int top, int width, int height) {
        this.left = left;
        this.top = top;
        this.width = width;
        this.height = height;
    }
}
