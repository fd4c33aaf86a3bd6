package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;

import org.junit.Test;

public class LabelsTest {
    private static final int SEVERAL = 3;

    @Test
    public void oneObjectIsLabelledAsPythonDoes() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Mask mask = golden.mask("mask");
            new Labels().label(golden.tensor("one", 2), golden.labelled, 1, golden.fit, mask);
            ImagingGoldens.assertNearlyEqual(golden.name, golden.bytes("label-one"), mask.ids, 255);
        }
    }

    @Test
    public void severalObjectsAreLabelledAsPythonDoes() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Mask mask = golden.mask("mask");
            Tensor several = golden.tensor("several", SEVERAL + 1);
            new Labels().label(several, golden.labelled, SEVERAL, golden.fit, mask);
            ImagingGoldens.assertNearlyEqual(golden.name, golden.bytes("label-several"), mask.ids, 255);
        }
    }

    @Test
    public void planesAreThoseOfPython() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            float[] expected = golden.floats("plane");
            float[] plane = new float[expected.length];
            new Labels().plane(golden.tensor("several", SEVERAL + 1), 1, golden.fit, plane);
            assertArrayEquals(golden.name, expected, plane, 1e-5f);
        }
    }

    @Test
    public void framesOfAnySizeMayFollowEachOther() throws Exception {
        Labels labels = new Labels();
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Mask mask = golden.mask("mask");
            float[] plane = golden.floats("plane");
            Tensor several = golden.tensor("several", SEVERAL + 1);
            labels.label(several, golden.labelled, SEVERAL, golden.fit, mask);
            ImagingGoldens.assertNearlyEqual(golden.name, golden.bytes("label-several"), mask.ids, 255);
            labels.plane(several, 1, golden.fit, plane);
            assertArrayEquals(golden.name, golden.floats("plane"), plane, 1e-5f);
        }
    }

    @Test
    public void objectsMayComeAndGo() throws Exception {
        ImagingGoldens.Case golden = ImagingGoldens.cases().get(1);
        Labels labels = new Labels();
        Mask mask = golden.mask("mask");
        Tensor several = golden.tensor("several", SEVERAL + 1);
        labels.label(golden.tensor("one", 2), golden.labelled, 1, golden.fit, mask);
        labels.label(several, golden.labelled, SEVERAL, golden.fit, mask);
        ImagingGoldens.assertNearlyEqual("three", golden.bytes("label-several"), mask.ids, 255);
        labels.label(golden.tensor("one", 2), golden.labelled, 1, golden.fit, mask);
        ImagingGoldens.assertNearlyEqual("one", golden.bytes("label-one"), mask.ids, 255);
        labels.label(several, golden.labelled, 0, golden.fit, mask);
        assertArrayEquals("none", new byte[mask.ids.length], mask.ids);
    }

    @Test
    public void exactlyHalfIsBackground() {
        Fit fit = Fit.between(16, 16, 16, 16);
        Tensor tensor = new Tensor(1, 16, 16, 1);
        tensor.fill(0.5f);
        tensor.floats.put(3, Math.nextUp(0.5f));
        Mask mask = new Mask(16, 16);
        new Labels().label(tensor, new int[] {9}, 1, fit, mask);
        byte[] expected = new byte[256];
        expected[3] = 9;
        assertArrayEquals(expected, mask.ids);
    }
}
