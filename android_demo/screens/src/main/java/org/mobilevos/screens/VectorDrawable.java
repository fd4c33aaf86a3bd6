package org.mobilevos.screens;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.w3c.dom.Element;

/** A vector drawable: paths that are filled, drawn as lines, or both. */
final class VectorDrawable implements Drawable {
    private record Line(Shape shape, Color fill, Color stroke, BasicStroke pen) {}

    private final int width;
    private final int height;
    private final float viewportWidth;
    private final float viewportHeight;
    private final List<Line> lines = new ArrayList<>();

    VectorDrawable(Element element, Resources resources) {
        Map<String, String> own = Xml.attributes(element);
        Drawables.only(own, element, "width", "height", "viewportWidth", "viewportHeight");
        width = resources.device.size(own.get("width"), "<vector> width");
        height = resources.device.size(own.get("height"), "<vector> height");
        viewportWidth = Float.parseFloat(own.get("viewportWidth"));
        viewportHeight = Float.parseFloat(own.get("viewportHeight"));
        for (Element path : Xml.children(element)) {
            Drawables.expect(path, "path");
            Map<String, String> attributes = Xml.attributes(path);
            Drawables.only(attributes, path,
                    "pathData", "fillColor", "strokeColor", "strokeWidth", "strokeLineCap", "strokeLineJoin", "name");
            int cap = "round".equals(attributes.get("strokeLineCap")) ? BasicStroke.CAP_ROUND : BasicStroke.CAP_BUTT;
            int join = "round".equals(attributes.get("strokeLineJoin"))
                    ? BasicStroke.JOIN_ROUND : BasicStroke.JOIN_MITER;
            float pen = Float.parseFloat(attributes.getOrDefault("strokeWidth", "0"));
            lines.add(new Line(new PathData(attributes.get("pathData")).shape(),
                    color(attributes.get("fillColor"), resources), color(attributes.get("strokeColor"), resources),
                    new BasicStroke(pen, cap, join)));
        }
    }

    private static Color color(String value, Resources resources) {
        return value == null ? null : Colors.literal(resources.resolve(value));
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int height() {
        return height;
    }

    @Override
    public void draw(Graphics2D graphics, int boxWidth, int boxHeight, State state) {
        AffineTransform before = graphics.getTransform();
        graphics.scale(boxWidth / viewportWidth, boxHeight / viewportHeight);
        for (Line line : lines) {
            if (line.fill() != null) {
                graphics.setColor(line.fill());
                graphics.fill(line.shape());
            }
            if (line.stroke() != null) {
                graphics.setColor(line.stroke());
                graphics.setStroke(line.pen());
                graphics.draw(line.shape());
            }
        }
        graphics.setTransform(before);
    }
}
