package org.mobilevos.screens;

import java.nio.ByteBuffer;
import org.mobilevos.core.Engine;
import org.mobilevos.core.FrameResult;
import org.mobilevos.core.Latency;
import org.mobilevos.core.Mask;
import org.mobilevos.core.Overlay;
import org.mobilevos.core.RgbImage;
import org.mobilevos.core.Session;
import org.mobilevos.core.YuvToRgb;
import org.mobilevos.demo.logic.RgbToYuv;
import org.mobilevos.demo.logic.Stages;

/** A clip that the core followed to its last frame, each frame as a camera gives it, with the time of each stage. */
final class Following {
    // Frames in which the JVM compiles, and the runtime lays out its buffers.
    private static final int WARMUP = 5;

    /** The last frame and its objects. */
    final RgbImage frame;
    final Mask mask;
    final int[] ids;
    /** Frames that were followed, the first included. */
    final int count;
    final Stages.Summary stages;

    Following(Engine engine, Clip clip, int onlyId) {
        int width = clip.width;
        int height = clip.height;
        ByteBuffer y = ByteBuffer.allocateDirect(width * height);
        ByteBuffer u = ByteBuffer.allocateDirect(width * height / 4);
        ByteBuffer v = ByteBuffer.allocateDirect(width * height / 4);
        YuvToRgb converter = new YuvToRgb(width, height, 0);
        RgbImage read = new RgbImage(width, height);
        frame = converter.newImage();
        count = clip.count();
        Session session = Session.start(engine, clip.frame(0), clip.mask(onlyId));
        Overlay overlay = new Overlay(width, height);
        int[] layer = new int[width * height];
        Stages measured = new Stages(count);
        for (int index = 1; index < count; index++) {
            clip.read(index, read);
            RgbToYuv.luma(read, width, height, y, width, 1);
            RgbToYuv.chroma(read, width, height, false, u, width / 2, 1);
            RgbToYuv.chroma(read, width, height, true, v, width / 2, 1);
            long begin = System.nanoTime();
            converter.convert(y, u, v, width, width / 2, 1, frame);
            long converted = System.nanoTime();
            FrameResult result = session.step(frame);
            long stepped = System.nanoTime();
            overlay.draw(result.mask, layer);
            long drawn = System.nanoTime();
            if (index > WARMUP) {
                measured.add(Latency.between(begin, converted), result.latency, Latency.between(stepped, drawn), drawn);
            }
        }
        mask = session.lastResult().mask;
        ids = session.objectIds();
        stages = measured.summary();
    }
}
