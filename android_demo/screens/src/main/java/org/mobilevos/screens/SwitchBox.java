package org.mobilevos.screens;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.RoundRectangle2D;

/** A Switch: a text, and at the right Material's track and thumb. */
final class SwitchBox extends TextBox {
    private final float density;
    private final Color accent;
    private final Color off;
    private final Color thumbOff;

    SwitchBox(Attributes attributes) {
        super(attributes);
        Resources resources = attributes.resources;
        density = resources.device.density();
        accent = Colors.literal(resources.resolve("?android:attr/colorAccent"));
        off = Colors.literal(resources.resolve("?android:attr/textColorPrimary"));
        // switch_thumb_normal_material: light grey by day, grey by night.
        thumbOff = resources.device.night() ? new Color(0xBDBDBD) : new Color(0xF1F1F1);
    }

    @Override
    int beside() {
        return Math.round(48 * density);
    }

    @Override
    void drawContent(Canvas canvas) {
        super.drawContent(canvas);
        Graphics2D graphics = canvas.graphics();
        float middle = width - paddingRight - 24 * density;
        Color track = checked ? accent : off;
        graphics.setColor(new Color(track.getRed(), track.getGreen(), track.getBlue(), 77)); // Android's 30 percent
        graphics.fill(new RoundRectangle2D.Float(middle - 17 * density, height / 2f - 7 * density, 34 * density,
                14 * density, 14 * density, 14 * density));
        float x = middle + (checked ? 7 : -7) * density;
        graphics.setColor(new Color(0, 0, 0, 60)); // its shadow
        graphics.fill(circle(x, height / 2f + density, 10.5f * density));
        graphics.setColor(checked ? accent : thumbOff);
        graphics.fill(circle(x, height / 2f, 10 * density));
    }

    private static Ellipse2D circle(float x, float y, float radius) {
        return new Ellipse2D.Float(x - radius, y - radius, 2 * radius, 2 * radius);
    }
}
