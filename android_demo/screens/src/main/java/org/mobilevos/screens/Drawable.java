package org.mobilevos.screens;

import java.awt.Graphics2D;

/** Something that is drawn into a rectangle. */
interface Drawable {
    /** Draws it from the origin on; all in pixels. */
    void draw(Graphics2D graphics, int width, int height, State state);

    /** Its own width in pixels; 0 where it has none. */
    default int width() {
        return 0;
    }

    /** Its own height in pixels; 0 where it has none. */
    default int height() {
        return 0;
    }
}
