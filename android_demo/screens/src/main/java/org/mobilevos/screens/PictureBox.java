package org.mobilevos.screens;

import java.awt.Graphics2D;

/** A TextureView or the app's FrameView: a box that the program fills. */
final class PictureBox extends View {
    /** Draws on a view. */
    interface Painter {
        void paint(Graphics2D graphics, int width, int height);
    }

    /** What fills the box; null for nothing. */
    Painter painter;

    PictureBox(Attributes attributes) {
        super(attributes);
    }

    @Override
    void measure(Spec across, Spec down) {
        width = across.resolve(0);
        height = down.resolve(0);
    }

    @Override
    void drawContent(Canvas canvas) {
        if (painter != null) {
            painter.paint(canvas.graphics(), width, height);
        }
    }
}
