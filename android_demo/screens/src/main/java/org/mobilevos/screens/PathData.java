package org.mobilevos.screens;

import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Arc2D;
import java.awt.geom.Path2D;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The path of a vector: SVG's commands M, L, H, V, C, A and Z (SVG 1.1, section 8.3), small letters relative. */
final class PathData {
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z]|[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?");

    private final String data;
    private final Matcher tokens;
    private final Path2D.Double path = new Path2D.Double();
    private boolean more;
    private double x;
    private double y;
    private double startX;
    private double startY;

    PathData(String data) {
        this.data = data;
        tokens = TOKEN.matcher(data);
        more = tokens.find();
    }

    Shape shape() {
        while (more) {
            char command = tokens.group().charAt(0);
            if (!Character.isLetter(command)) {
                throw wrong("a number stands where a command belongs");
            }
            more = tokens.find();
            draw(command);
            // More numbers repeat the command; after M they are lines.
            char again = command == 'M' ? 'L' : command == 'm' ? 'l' : command;
            while (more && !Character.isLetter(tokens.group().charAt(0))) {
                draw(again);
            }
        }
        return path;
    }

    private void draw(char command) {
        boolean relative = Character.isLowerCase(command);
        double baseX = relative ? x : 0;
        double baseY = relative ? y : 0;
        switch (Character.toUpperCase(command)) {
            case 'M' -> {
                to(baseX + number(), baseY + number());
                path.moveTo(x, y);
                startX = x;
                startY = y;
            }
            case 'L' -> lineTo(baseX + number(), baseY + number());
            case 'H' -> lineTo(baseX + number(), y);
            case 'V' -> lineTo(x, baseY + number());
            case 'C' -> {
                double x1 = baseX + number();
                double y1 = baseY + number();
                double x2 = baseX + number();
                double y2 = baseY + number();
                to(baseX + number(), baseY + number());
                path.curveTo(x1, y1, x2, y2, x, y);
            }
            case 'A' -> {
                double radiusX = number();
                double radiusY = number();
                double turned = number();
                boolean large = number() != 0;
                boolean clockwise = number() != 0;
                arc(radiusX, radiusY, turned, large, clockwise, baseX + number(), baseY + number());
            }
            case 'Z' -> {
                path.closePath();
                to(startX, startY);
            }
            default -> throw wrong("the command " + command + " is not known here; teach it to PathData.java");
        }
    }

    private void to(double newX, double newY) {
        x = newX;
        y = newY;
    }

    private void lineTo(double newX, double newY) {
        to(newX, newY);
        path.lineTo(x, y);
    }

    /** From the ends of an arc to its middle: SVG 1.1, appendix F.6.5, for ellipses that are not turned. */
    private void arc(double radiusX, double radiusY, double turned, boolean large, boolean clockwise, double endX,
            double endY) {
        if (turned != 0) {
            throw wrong("a turned ellipse is not drawn here; teach it to PathData.java");
        }
        double halfX = (x - endX) / 2 / radiusX;
        double halfY = (y - endY) / 2 / radiusY;
        double half = halfX * halfX + halfY * halfY;
        double grow = Math.max(1, Math.sqrt(half));
        double off = half >= 1 || half == 0 ? 0 : Math.sqrt((1 - half) / half);
        double side = large == clockwise ? -off : off;
        // On the unit circle.
        double middleX = side * halfY;
        double middleY = -side * halfX;
        double from = Math.toDegrees(Math.atan2((halfY - middleY) / grow, (halfX - middleX) / grow));
        double until = Math.toDegrees(Math.atan2((-halfY - middleY) / grow, (-halfX - middleX) / grow));
        double sweep = until - from;
        if (clockwise && sweep < 0) {
            sweep += 360;
        } else if (!clockwise && sweep > 0) {
            sweep -= 360;
        }
        // Arc2D counts angles the other way round.
        Arc2D unit = new Arc2D.Double(-1, -1, 2, 2, -from, -sweep, Arc2D.OPEN);
        AffineTransform place = AffineTransform.getTranslateInstance(
                (x + endX) / 2 + middleX * radiusX, (y + endY) / 2 + middleY * radiusY);
        place.scale(radiusX * grow, radiusY * grow);
        path.append(place.createTransformedShape(unit), true);
        to(endX, endY);
    }

    private double number() {
        if (!more || Character.isLetter(tokens.group().charAt(0))) {
            throw wrong("a number is missing");
        }
        double value = Double.parseDouble(tokens.group());
        more = tokens.find();
        return value;
    }

    private ScreensException wrong(String what) {
        return new ScreensException("the path '" + data + "' cannot be drawn: " + what);
    }
}
