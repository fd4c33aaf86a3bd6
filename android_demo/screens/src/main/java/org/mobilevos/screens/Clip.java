package org.mobilevos.screens;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mobilevos.core.Mask;
import org.mobilevos.core.RgbImage;

/**
 * The first frames of a real clip, and its objects: files {@code NAME-WIDTHxHEIGHT.rgb}, frame after frame, and
 * {@code NAME-WIDTHxHEIGHT.ids}, the first frame's mask.
 */
final class Clip {
    final int width;
    final int height;
    private final byte[] frames;
    private final byte[] ids;

    Clip(Path folder, String name) {
        try (var files = Files.list(folder)) {
            String pattern = name + "-\\d+x\\d+\\.rgb";
            Path file = files.filter(each -> each.getFileName().toString().matches(pattern)).findFirst()
                    .orElseThrow(() -> new ScreensException("there is no clip '" + name + "' in " + folder));
            Matcher size = Pattern.compile("(\\d+)x(\\d+)\\.rgb$").matcher(file.toString());
            size.find();
            width = Integer.parseInt(size.group(1));
            height = Integer.parseInt(size.group(2));
            frames = Files.readAllBytes(file);
            ids = Files.readAllBytes(Path.of(file.toString().replaceFirst("rgb$", "ids")));
        } catch (IOException error) {
            throw new ScreensException("a clip in " + folder + " cannot be read", error);
        }
    }

    int count() {
        return frames.length / (width * height * RgbImage.CHANNELS);
    }

    /** Copies a frame. */
    void read(int index, RgbImage out) {
        System.arraycopy(frames, index * out.pixels.length, out.pixels, 0, out.pixels.length);
    }

    RgbImage frame(int index) {
        RgbImage frame = new RgbImage(width, height);
        read(index, frame);
        return frame;
    }

    /** The objects of the first frame; only one of them where its id is not 0. */
    Mask mask(int onlyId) {
        Mask mask = new Mask(width, height, ids.clone());
        for (int pixel = 0; pixel < ids.length; pixel++) {
            if (onlyId != 0 && ids[pixel] != onlyId) {
                mask.ids[pixel] = 0;
            }
        }
        return mask;
    }
}
