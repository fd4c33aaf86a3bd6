package org.mobilevos.screens;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Point2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** The picture that views draw on, and what they found wrong while they did. */
record Canvas(BufferedImage image, Graphics2D graphics, List<String> faults) {
    static Canvas of(Device device, List<String> faults) {
        BufferedImage image = new BufferedImage(device.width(), device.height(), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        return new Canvas(image, graphics, faults);
    }

    /** The colour that has been drawn at a point of the present view; black beyond the picture. */
    Color below(float x, float y) {
        Point2D point = graphics.getTransform().transform(new Point2D.Float(x, y), null);
        int column = (int) point.getX();
        int row = (int) point.getY();
        boolean inside = column >= 0 && row >= 0 && column < image.getWidth() && row < image.getHeight();
        return inside ? new Color(image.getRGB(column, row)) : Color.BLACK;
    }
}
