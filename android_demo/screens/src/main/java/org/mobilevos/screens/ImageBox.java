package org.mobilevos.screens;

import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;

/** An ImageView or ImageButton: a drawable in the middle, as large as it is or as fits. */
final class ImageBox extends View {
    private final Drawable source;

    private final boolean fits;

    /** With the scale type of its class where the attributes say none. */
    ImageBox(Attributes attributes, String byDefault) {
        super(attributes);
        fits = attributes.word("scaleType", byDefault, "fitCenter", "center").equals("fitCenter");
        source = attributes.drawable("src");
    }

    @Override
    void measure(Spec across, Spec down) {
        width = across.resolve(Math.max(minWidth, source.width() + paddingAcross()));
        height = down.resolve(Math.max(minHeight, source.height() + paddingDown()));
    }

    @Override
    void drawContent(Canvas canvas) {
        int innerWidth = width - paddingAcross();
        int innerHeight = height - paddingDown();
        float scale = !fits ? 1
                : Math.min((float) innerWidth / source.width(), (float) innerHeight / source.height());
        int drawnWidth = Math.round(source.width() * scale);
        int drawnHeight = Math.round(source.height() * scale);
        Graphics2D graphics = canvas.graphics();
        AffineTransform before = graphics.getTransform();
        graphics.translate(paddingLeft + (innerWidth - drawnWidth) / 2, paddingTop + (innerHeight - drawnHeight) / 2);
        source.draw(graphics, drawnWidth, drawnHeight, state());
        graphics.setTransform(before);
    }
}
