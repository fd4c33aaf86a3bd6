package org.mobilevos.screens;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import org.mobilevos.core.Mask;
import org.mobilevos.core.Overlay;
import org.mobilevos.core.RgbImage;
import org.mobilevos.demo.logic.Middles;
import org.mobilevos.demo.logic.ViewMap;

/** What the app's FramePainter and FrameView draw into their boxes: frames, masks, ids and the stroke of a finger. */
final class Pictures {
    private final Resources resources;

    Pictures(Resources resources) {
        this.resources = resources;
    }

    /** A frame alone, as the camera's preview. */
    PictureBox.Painter live(RgbImage frame) {
        BufferedImage image = new BufferedImage(frame.width, frame.height, BufferedImage.TYPE_INT_RGB);
        int[] row = new int[frame.width];
        for (int y = 0; y < frame.height; y++) {
            for (int x = 0; x < frame.width; x++) {
                int at = (y * frame.width + x) * RgbImage.CHANNELS;
                row[x] = (frame.pixels[at] & 0xff) << 16 | (frame.pixels[at + 1] & 0xff) << 8
                        | frame.pixels[at + 2] & 0xff;
            }
            image.setRGB(0, y, frame.width, 1, row, 0, frame.width);
        }
        return (graphics, width, height) ->
                draw(graphics, image, new ViewMap(width, height, frame.width, frame.height));
    }

    /** The objects' layer with their ids, to lie over a live picture. */
    PictureBox.Painter layer(Mask mask) {
        int[] argb = new int[mask.width * mask.height];
        new Overlay(mask.width, mask.height).draw(mask, argb);
        BufferedImage image = new BufferedImage(mask.width, mask.height, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, mask.width, mask.height, argb, 0, mask.width);
        return (graphics, width, height) -> {
            ViewMap map = new ViewMap(width, height, mask.width, mask.height);
            draw(graphics, image, map);
            ids(graphics, mask, map);
        };
    }

    /** A frame with its objects drawn into it, and their ids. */
    PictureBox.Painter whole(RgbImage frame, Mask mask) {
        RgbImage blended = new RgbImage(frame.width, frame.height);
        new Overlay(frame.width, frame.height).blend(frame, mask, blended);
        PictureBox.Painter picture = live(blended);
        return (graphics, width, height) -> {
            picture.paint(graphics, width, height);
            ids(graphics, mask, new ViewMap(width, height, mask.width, mask.height));
        };
    }

    /** A picture, and over it what a finger is painting beside the object, through points of the frame. */
    PictureBox.Painter painting(PictureBox.Painter picture, RgbImage frame, int[] xs, int[] ys) {
        Color color = Colors.literal(resources.resolve("@color/drawing_minus"));
        return (graphics, width, height) -> {
            picture.paint(graphics, width, height);
            ViewMap map = new ViewMap(width, height, frame.width, frame.height);
            Path2D.Float line = new Path2D.Float();
            line.moveTo(map.viewX(xs[0]), map.viewY(ys[0]));
            for (int point = 1; point < xs.length; point++) {
                line.lineTo(map.viewX(xs[point]), map.viewY(ys[point]));
            }
            graphics.setColor(new Color(color.getRed(), color.getGreen(), color.getBlue(), 160));
            graphics.setStroke(new BasicStroke(2 * resources.dimension("brush"), BasicStroke.CAP_ROUND,
                    BasicStroke.JOIN_ROUND));
            graphics.draw(line);
        };
    }

    private static void draw(Graphics2D graphics, BufferedImage image, ViewMap map) {
        graphics.drawImage(image, Math.round(map.left), Math.round(map.top), Math.round(map.width()),
                Math.round(map.height()), null);
    }

    private void ids(Graphics2D graphics, Mask mask, ViewMap map) {
        Middles middles = new Middles();
        middles.find(mask);
        float size = resources.dimension("label");
        Font font = Fonts.of("bold", size);
        for (int id : mask.objectIds()) {
            if (middles.has(id)) {
                float radius = size * 0.7f;
                float x = middles.viewX(id, map);
                float y = middles.viewY(id, map, radius);
                graphics.setColor(Colors.literal(resources.resolve("@color/label_background")));
                graphics.fill(new Ellipse2D.Float(x - radius, y - radius, 2 * radius, 2 * radius));
                graphics.setColor(Colors.literal(resources.resolve("@color/label_text")));
                graphics.setFont(font);
                String text = Integer.toString(id);
                graphics.drawString(text, x - Texts.width(text, font) / 2, y + size * 0.36f);
            }
        }
    }
}
