package org.mobilevos.demo;

import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.graphics.Paint;
import android.graphics.RectF;
import org.mobilevos.core.Mask;
import org.mobilevos.core.Overlay;
import org.mobilevos.core.RgbImage;
import org.mobilevos.demo.logic.Middles;
import org.mobilevos.demo.logic.ViewMap;

/**
 * Turns frames and masks of one size into pictures for a view. The inference thread draws the next picture while the
 * view shows the last one. Everything is made once.
 */
final class FramePainter {
    // One that is shown, one that the screen may still be reading, and one that is drawn.
    private static final int PICTURES = 3;
    private static final int IDS = 256;
    private static final int OPAQUE = 0xff << 24;

    /** A picture, and where the numbers of its objects are written. */
    private static final class Picture {
        final Bitmap bitmap;
        final Middles middles = new Middles();

        Picture(int width, int height) {
            bitmap = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888);
        }
    }

    private static final String[] NUMBERS = new String[IDS];

    static {
        for (int id = 0; id < IDS; id++) {
            NUMBERS[id] = Integer.toString(id);
        }
    }

    final int width;
    final int height;
    private final Overlay overlay;
    // Of the layer that is drawn over live pictures; the overlay remembers where it drew.
    private final int[] layer;
    private final int[] opaque;
    private final RgbImage blended;
    private final Picture[] pictures = new Picture[PICTURES];
    private int shown;

    FramePainter(int width, int height) {
        this.width = width;
        this.height = height;
        overlay = new Overlay(width, height);
        layer = new int[width * height];
        opaque = new int[width * height];
        blended = new RgbImage(width, height);
        for (int index = 0; index < PICTURES; index++) {
            pictures[index] = new Picture(width, height);
        }
    }

    /** Draws a mask, transparent elsewhere, to lie over live pictures. */
    void drawLayer(Mask mask) {
        overlay.draw(mask, layer);
        publish(layer, mask);
    }

    /** Draws a frame with a mask over it; gives the frame with its objects, which the next call overwrites. */
    RgbImage drawWhole(RgbImage frame, Mask mask) {
        overlay.blend(frame, mask, blended);
        byte[] rgb = blended.pixels;
        for (int pixel = 0, at = 0; pixel < opaque.length; pixel++, at += RgbImage.CHANNELS) {
            opaque[pixel] = OPAQUE | (rgb[at] & 0xff) << 16 | (rgb[at + 1] & 0xff) << 8 | rgb[at + 2] & 0xff;
        }
        publish(opaque, mask);
        return blended;
    }

    /** Shows nothing. */
    void clear() {
        Picture next = next();
        next.bitmap.eraseColor(0);
        next.middles.clear();
        show();
    }

    private void publish(int[] argb, Mask mask) {
        Picture next = next();
        next.bitmap.setPixels(argb, 0, width, 0, 0, width, height);
        next.middles.find(mask);
        show();
    }

    private synchronized Picture next() {
        return pictures[(shown + 1) % PICTURES];
    }

    private synchronized void show() {
        shown = (shown + 1) % PICTURES;
    }

    /** Draws the newest picture on a view; for the UI thread. */
    void draw(Canvas canvas, ViewMap map, RectF place, Paint picture, Paint label, Paint labelBackground) {
        Picture newest;
        synchronized (this) {
            newest = pictures[shown];
        }
        place.set(map.left, map.top, map.left + map.width(), map.top + map.height());
        canvas.drawBitmap(newest.bitmap, null, place, picture);
        float radius = label.getTextSize() * 0.7f;
        for (int id = 1; id < IDS; id++) {
            if (newest.middles.has(id)) {
                float x = newest.middles.viewX(id, map);
                float y = newest.middles.viewY(id, map, radius);
                canvas.drawCircle(x, y, radius, labelBackground);
                canvas.drawText(NUMBERS[id], x, y + label.getTextSize() * 0.36f, label);
            }
        }
    }
}
