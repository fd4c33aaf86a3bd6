package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;

import java.nio.ByteBuffer;
import org.junit.Test;

/** The frame loop must not feed the garbage collector: its pauses would show in a live video. */
public class ImagingAllocationTest {
    private static final int WIDTH = 1280;
    private static final int HEIGHT = 720;
    private static final int[] IDS = {1};

    private final View view = new View(WIDTH, HEIGHT, 864, 480);
    private final Fit fit = view.fit;
    private final ByteBuffer y = ByteBuffer.allocateDirect(WIDTH * HEIGHT);
    private final ByteBuffer u = ByteBuffer.allocateDirect(WIDTH * HEIGHT / 2);
    private final ByteBuffer v = ByteBuffer.allocateDirect(WIDTH * HEIGHT / 2);
    private final YuvToRgb converter = new YuvToRgb(WIDTH, HEIGHT, 0);
    private final RgbImage frame = converter.newImage();
    private final FrameFitter fitter = new FrameFitter(124, 116, 104);
    private final Tensor input = new Tensor(1, fit.modelHeight, fit.modelWidth, 3);
    private final Tensor probabilities = new Tensor(1, fit.modelHeight, fit.modelWidth, 1);
    private final Labels labels = new Labels();
    private final Mask mask = new Mask(WIDTH, HEIGHT);
    private final Overlay overlay = new Overlay(WIDTH, HEIGHT);
    private final RgbImage picture = converter.newImage();
    private final int[] layer = new int[WIDTH * HEIGHT];

    // A thing that comes near and goes away again, so that the view widens and narrows.
    private final Mask[] seen = {thing(60), thing(500)};
    private int rounds;

    private static Mask thing(int side) {
        Mask mask = new Mask(WIDTH, HEIGHT);
        for (int pixel = 0; pixel < side * side; pixel++) {
            mask.ids[(100 + pixel / side) * WIDTH + 300 + pixel % side] = 1;
        }
        return mask;
    }

    private void round() {
        converter.convert(y, u, v, WIDTH, WIDTH, 2, frame);
        view.showNext(view, seen[rounds++ / 20 % 2], IDS);
        fitter.fitFrame(frame, fit, input);
        labels.label(probabilities, IDS, 1, fit, mask);
        overlay.draw(mask, layer);
        overlay.blend(frame, mask, picture);
    }

    @Test
    public void fiftyFramesAllocateNothing() {
        for (int row = 100; row < 300; row++) {
            for (int column = 200; column < 500; column++) {
                probabilities.floats.put(row * fit.modelWidth + column, 1);
            }
        }
        Allocations.assertNone(new Runnable() {
            @Override
            public void run() {
                round();
            }
        });
        assertArrayEquals("the objects were drawn", IDS, mask.objectIds());
    }
}
