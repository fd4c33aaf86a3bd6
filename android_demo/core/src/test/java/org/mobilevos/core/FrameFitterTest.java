package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.util.Arrays;
import org.junit.Test;

public class FrameFitterTest {
    /** A fitter with the goldens' border. */
    private static FrameFitter fitter() throws Exception {
        int[] border = Json.integers(ImagingGoldens.index().getJSONArray("border"));
        return new FrameFitter(border[0], border[1], border[2]);
    }

    private static Tensor input(Fit fit) {
        return new Tensor(1, fit.modelHeight, fit.modelWidth, RgbImage.CHANNELS);
    }

    private static byte[] integers(Tensor tensor) {
        byte[] values = new byte[tensor.size()];
        for (int index = 0; index < values.length; index++) {
            float value = tensor.floats.get(index);
            assertEquals("an integer", Math.rint(value), value, 0);
            values[index] = (byte) value;
        }
        return values;
    }

    private static float[] numbers(Tensor tensor) {
        float[] values = new float[tensor.size()];
        tensor.floats.get(values);
        tensor.floats.rewind();
        return values;
    }

    @Test
    public void framesAreThoseOfPython() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Tensor tensor = input(golden.fit);
            fitter().fitFrame(golden.image("frame"), golden.fit, tensor);
            ImagingGoldens.assertNearlyEqual(golden.name, golden.bytes("tensor"), integers(tensor), 1);
        }
    }

    @Test
    public void aSecondFrameLeavesNothingOfTheFirst() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            FrameFitter fitter = fitter();
            Tensor tensor = input(golden.fit);
            tensor.fill(255);
            RgbImage white = new RgbImage(golden.fit.frameWidth, golden.fit.frameHeight);
            Arrays.fill(white.pixels, (byte) 255);
            fitter.fitFrame(white, golden.fit, tensor);
            fitter.fitFrame(golden.image("frame"), golden.fit, tensor);
            ImagingGoldens.assertNearlyEqual(golden.name, golden.bytes("tensor"), integers(tensor), 1);
        }
    }

    @Test
    public void sharesAreThoseOfPython() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Tensor tensor = new Tensor(1, golden.fit.modelHeight, golden.fit.modelWidth, golden.ids.length);
            fitter().fitMasks(golden.mask("mask"), golden.ids, golden.fit, tensor);
            assertArrayEquals(golden.name, golden.floats("masks"), numbers(tensor), 1e-5f);
        }
    }

    @Test
    public void planesAreThoseOfPython() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Tensor tensor = new Tensor(1, golden.fit.modelHeight, golden.fit.modelWidth, 2);
            fitter().fitPlane(golden.floats("plane"), 1, golden.fit, tensor);
            float[] expected = golden.floats("plane-fitted");
            float[] actual = numbers(tensor);
            for (int cell = 0; cell < expected.length; cell++) {
                assertEquals(golden.name, 0, actual[2 * cell], 0);
                assertEquals(golden.name, expected[cell], actual[2 * cell + 1], 1e-5f);
            }
        }
    }

    @Test
    public void framesOfAnySizeMayFollowEachOther() throws Exception {
        FrameFitter fitter = fitter();
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Tensor tensor = input(golden.fit);
            fitter.fitFrame(golden.image("frame"), golden.fit, tensor);
            ImagingGoldens.assertNearlyEqual(golden.name, golden.bytes("tensor"), integers(tensor), 1);
            Tensor shares = new Tensor(1, golden.fit.modelHeight, golden.fit.modelWidth, golden.ids.length);
            fitter.fitMasks(golden.mask("mask"), golden.ids, golden.fit, shares);
            assertArrayEquals(golden.name, golden.floats("masks"), numbers(shares), 1e-5f);
        }
    }

    @Test
    public void channelsWithoutAnObjectAreEmptied() throws Exception {
        ImagingGoldens.Case golden = ImagingGoldens.cases().get(0);
        Tensor tensor = new Tensor(1, golden.fit.modelHeight, golden.fit.modelWidth, 3);
        tensor.fill(1);
        fitter().fitMasks(golden.mask("mask"), new int[] {255}, golden.fit, tensor);
        float[] expected = golden.floats("masks");
        float[] actual = numbers(tensor);
        for (int cell = 0; cell < actual.length / 3; cell++) {
            assertEquals(expected[4 * cell + 3], actual[3 * cell], 1e-5f);
            assertEquals(0, actual[3 * cell + 1], 0);
            assertEquals(0, actual[3 * cell + 2], 0);
        }
    }

    @Test
    public void aFrameOfAnotherSizeIsRefused() throws Exception {
        Fit fit = Fit.between(64, 48, 176, 96);
        try {
            fitter().fitFrame(new RgbImage(48, 64), fit, input(fit));
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().contains("48x64"));
            return;
        }
        fail("a frame of another size was taken");
    }
}
