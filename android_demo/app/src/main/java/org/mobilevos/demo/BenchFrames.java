package org.mobilevos.demo;

import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import org.mobilevos.core.Latency;
import org.mobilevos.core.Mask;
import org.mobilevos.core.Palette;
import org.mobilevos.core.RgbImage;
import org.mobilevos.core.YuvToRgb;
import org.mobilevos.demo.logic.FrameSize;
import org.mobilevos.demo.logic.SyntheticClip;

/** The frames that are measured, and the first mask. */
abstract class BenchFrames implements Closeable {
    /** The name, for the results. */
    abstract String name();

    /** The present frame; {@link #next} overwrites it. */
    abstract RgbImage picture();

    /** Object 1 on the first frame. */
    abstract Mask mask() throws IOException;

    /**
     * Goes on to the next frame, and from the last one to the first; gives the milliseconds of the conversion to RGB.
     */
    abstract double next();

    @Override
    public abstract void close();

    /** The clip in the app's assets. */
    static BenchFrames clip(Context context) {
        return new Clip(context);
    }

    /** A drawn clip. */
    static BenchFrames synthetic() {
        return new Synthetic();
    }

    /** The clip that the official figures are of. */
    private static final class Clip extends BenchFrames {
        private static final String NAME = "cups.mp4";
        private static final String FOLDER = "clip/";
        private static final String MASK = FOLDER + "cups-first-mask.png";
        private static final int OBJECT = 1;

        private final Context context;
        private final VideoReader reader;

        Clip(Context context) {
            this.context = context;
            reader = VideoReader.openAsset(context, FOLDER + NAME);
            reader.next();
        }

        @Override
        String name() {
            return NAME;
        }

        @Override
        RgbImage picture() {
            return reader.picture();
        }

        @Override
        Mask mask() throws IOException {
            Bitmap colours;
            try (InputStream stream = context.getAssets().open(MASK)) {
                colours = BitmapFactory.decodeStream(stream);
            }
            if (colours == null) {
                throw new IOException(MASK + " is not a picture");
            }
            Mask mask = new Mask(colours.getWidth(), colours.getHeight());
            int[] row = new int[mask.width];
            for (int y = 0; y < mask.height; y++) {
                colours.getPixels(row, 0, mask.width, 0, y, mask.width, 1);
                for (int x = 0; x < mask.width; x++) {
                    boolean inside = (row[x] & 0xffffff) == Palette.rgb(OBJECT);
                    mask.ids[y * mask.width + x] = (byte) (inside ? OBJECT : 0);
                }
            }
            return mask;
        }

        @Override
        double next() {
            if (!reader.next()) {
                reader.seek(0);
            }
            return reader.convertMs();
        }

        @Override
        public void close() {
            reader.close();
        }
    }

    /** A disc that moves. */
    private static final class Synthetic extends BenchFrames {
        private final SyntheticClip clip = new SyntheticClip(FrameSize.WIDTH, FrameSize.HEIGHT);
        private final YuvToRgb converter = new YuvToRgb(clip.width, clip.height, 0);
        private final RgbImage picture = converter.newImage();
        private int index;

        Synthetic() {
            convert();
        }

        @Override
        String name() {
            return "synthetic";
        }

        @Override
        RgbImage picture() {
            return picture;
        }

        @Override
        Mask mask() {
            return clip.mask(0);
        }

        @Override
        double next() {
            index++;
            return convert();
        }

        @Override
        public void close() {}

        private double convert() {
            clip.draw(index);
            long begin = System.nanoTime();
            converter.convert(clip.y, clip.u, clip.v, clip.width, clip.width / 2, 1, picture);
            return Latency.between(begin, System.nanoTime());
        }
    }
}
