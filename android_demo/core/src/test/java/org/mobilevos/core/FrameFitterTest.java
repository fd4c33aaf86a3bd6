package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.io.File;
import java.util.Arrays;
import org.json.JSONObject;
import org.junit.Test;

public class FrameFitterTest {
    /** A spec with the goldens' border. */
    private static ArtifactSpec spec() throws Exception {
        File fixture = new File(System.getProperty("mobilevos.fixtures"), "spec.json");
        JSONObject json = new JSONObject(Goldens.text(fixture));
        return ArtifactSpec.parse(json.put("pad_rgb", ImagingGoldens.index().getJSONArray("border")).toString());
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
        ArtifactSpec spec = spec();
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            FrameFitter fitter = new FrameFitter(golden.fit);
            Tensor tensor = fitter.newFrameTensor(spec);
            fitter.fitFrame(golden.image("frame"), tensor);
            ImagingGoldens.assertNearlyEqual(golden.name, golden.bytes("tensor"), integers(tensor), 1);
        }
    }

    @Test
    public void aSecondFrameLeavesNothingOfTheFirst() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            FrameFitter fitter = new FrameFitter(golden.fit);
            Tensor tensor = fitter.newFrameTensor(spec());
            RgbImage white = new RgbImage(golden.fit.frameWidth, golden.fit.frameHeight);
            Arrays.fill(white.pixels, (byte) 255);
            fitter.fitFrame(white, tensor);
            fitter.fitFrame(golden.image("frame"), tensor);
            ImagingGoldens.assertNearlyEqual(golden.name, golden.bytes("tensor"), integers(tensor), 1);
        }
    }

    @Test
    public void sharesAreThoseOfPython() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Tensor tensor = new Tensor(1, golden.fit.modelHeight, golden.fit.modelWidth, golden.ids.length);
            new FrameFitter(golden.fit).fitMasks(golden.mask("mask"), golden.ids, tensor);
            assertArrayEquals(golden.name, golden.floats("masks"), numbers(tensor), 1e-5f);
        }
    }

    @Test
    public void channelsWithoutAnObjectAreEmptied() throws Exception {
        ImagingGoldens.Case golden = ImagingGoldens.cases().get(0);
        Tensor tensor = new Tensor(1, golden.fit.modelHeight, golden.fit.modelWidth, 3);
        tensor.fill(1);
        new FrameFitter(golden.fit).fitMasks(golden.mask("mask"), new int[] {255}, tensor);
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
        FrameFitter fitter = new FrameFitter(Fit.between(64, 48, 176, 96));
        try {
            fitter.fitFrame(new RgbImage(48, 64), fitter.newFrameTensor(spec()));
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().contains("48x64"));
            return;
        }
        fail("a frame of another size was taken");
    }
}
