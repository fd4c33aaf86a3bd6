package org.mobilevos.screens;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Rectangle2D;

/** A SeekBar or a horizontal ProgressBar, as Material draws them: a line, what is done in the accent's colour. */
final class Slider extends View {
    /** What is done, 0 to 1. */
    float progress;
    private final boolean thumb;
    private final float density;
    private final Color accent;
    private final Color rest;

    Slider(Attributes attributes, boolean thumb) {
        super(attributes);
        this.thumb = thumb;
        density = attributes.resources.device.density();
        accent = Colors.literal(attributes.resources.resolve("?android:attr/colorAccent"));
        Color text = Colors.literal(attributes.resources.resolve("?android:attr/textColorPrimary"));
        rest = new Color(text.getRed(), text.getGreen(), text.getBlue(), 66); // Android's 26 percent
        if (thumb) {
            paddingLeft = Math.round(16 * density);
            paddingRight = paddingLeft;
        }
        progress = attributes.number("progress", 0) / attributes.number("max", 100);
    }

    @Override
    void measure(Spec across, Spec down) {
        width = across.resolve(Math.max(minWidth, paddingAcross()));
        height = down.resolve(Math.max(minHeight, Math.round((thumb ? 32 : 16) * density)));
    }

    @Override
    void drawContent(Canvas canvas) {
        float thick = (thumb ? 2 : 4) * density;
        float line = width - paddingAcross();
        Graphics2D graphics = canvas.graphics();
        float top = (height - thick) / 2;
        graphics.setColor(rest);
        graphics.fill(new Rectangle2D.Float(paddingLeft, top, line, thick));
        graphics.setColor(accent);
        graphics.fill(new Rectangle2D.Float(paddingLeft, top, line * progress, thick));
        if (thumb) {
            float radius = 6 * density;
            graphics.fill(new Ellipse2D.Float(paddingLeft + line * progress - radius, height / 2f - radius, 2 * radius,
                    2 * radius));
        }
    }
}
