package org.mobilevos.demo;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32;
import org.mobilevos.core.Artifact;
import org.mobilevos.core.ArtifactSpec;
import org.mobilevos.core.Engine;
import org.mobilevos.core.EngineException;
import org.mobilevos.core.EngineOptions;
import org.mobilevos.core.GraphSpec;
import org.mobilevos.core.Tensor;
import org.mobilevos.core.TensorSpec;
import org.tensorflow.lite.Interpreter;
import org.tensorflow.lite.gpu.CompatibilityList;
import org.tensorflow.lite.gpu.GpuDelegate;
import org.tensorflow.lite.gpu.GpuDelegateFactory;

/** LiteRT's Interpreter with its GPU delegate. Nothing else in the app knows them. */
final class LiteRtEngine implements Engine {
    private final ArtifactSpec spec;
    // The interpreter reads the model where it lies.
    private final ByteBuffer model;
    private final int threads;
    // Filled for each run; runSignature takes maps.
    private final Map<String, Object> inputBuffers = new HashMap<String, Object>();
    private final Map<String, Object> outputBuffers = new HashMap<String, Object>();
    private Interpreter interpreter;
    private GpuDelegate gpu;
    private String fallbackReason = "";

    LiteRtEngine(Artifact artifact, EngineOptions options) {
        spec = artifact.spec;
        model = artifact.model();
        threads = options.threads;
        if (options.delegate == EngineOptions.Delegate.GPU) {
            openOnGpu(options);
        }
        if (interpreter == null) {
            openOnCpu();
        }
    }

    @Override
    public ArtifactSpec spec() {
        return spec;
    }

    @Override
    public String name() {
        return gpu == null ? "litert-cpu" : "litert-gpu";
    }

    @Override
    public String fallbackReason() {
        return fallbackReason;
    }

    @Override
    public void run(GraphSpec graph, Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
        if (interpreter == null) {
            throw new EngineException("the engine is closed; open the artifact again");
        }
        inputBuffers.clear();
        outputBuffers.clear();
        for (int index = 0; index < graph.inputs.size(); index++) {
            put(graph.inputs.get(index), inputs, inputBuffers);
        }
        for (int index = 0; index < graph.outputs.size(); index++) {
            put(graph.outputs.get(index), outputs, outputBuffers);
        }
        try {
            interpreter.runSignature(inputBuffers, outputBuffers, graph.name);
        } catch (RuntimeException error) { // IllegalArgumentException and IllegalStateException, says LiteRT
            throw new EngineException("LiteRT cannot run graph '" + graph.name + "' (" + words(error)
                    + "); choose another delegate or model", error);
        }
    }

    private static void put(TensorSpec tensor, Map<String, Tensor> tensors, Map<String, Object> buffers) {
        ByteBuffer bytes = tensors.get(tensor.name).bytes;
        bytes.clear(); // LiteRT moves the position of what it writes to
        buffers.put(tensor.name, bytes);
    }

    @Override
    public void close() {
        if (interpreter != null) {
            interpreter.close();
            interpreter = null;
        }
        closeGpu();
    }

    private void openOnGpu(EngineOptions options) {
        try {
            CompatibilityList list = new CompatibilityList();
            boolean supported = list.isDelegateSupportedOnThisDevice();
            list.close();
            if (!supported) {
                fallbackReason = "LiteRT's list of GPUs says that this phone's is not supported";
                return;
            }
            gpu = new GpuDelegate(gpuOptions(options));
            Interpreter.Options withGpu = cpuOptions();
            withGpu.addDelegate(gpu);
            interpreter = new Interpreter(model, withGpu);
            if (leftOnCpu() > 0) {
                fallbackReason = "the GPU would take only a part of the model";
            }
        } catch (RuntimeException error) { // it does not take the model
            fallbackReason = "the GPU delegate cannot be used: " + words(error);
        } catch (LinkageError error) { // the delegate's library does not load on this phone
            fallbackReason = "the GPU delegate cannot be loaded: " + words(error);
        }
        if (!fallbackReason.isEmpty()) {
            close();
        }
    }

    private GpuDelegateFactory.Options gpuOptions(EngineOptions options) {
        GpuDelegateFactory.Options gpuOptions = new GpuDelegateFactory.Options();
        gpuOptions.setPrecisionLossAllowed(options.halfPrecision);
        gpuOptions.setInferencePreference(options.sustainedSpeed
                ? GpuDelegateFactory.Options.INFERENCE_PREFERENCE_SUSTAINED_SPEED
                : GpuDelegateFactory.Options.INFERENCE_PREFERENCE_FAST_SINGLE_ANSWER);
        if (options.kernelCache != null) {
            gpuOptions.setSerializationParams(options.kernelCache, token());
        }
        return gpuOptions;
    }

    private Interpreter.Options cpuOptions() {
        Interpreter.Options cpuOptions = new Interpreter.Options();
        cpuOptions.setNumThreads(threads);
        return cpuOptions;
    }

    private void openOnCpu() {
        try {
            interpreter = new Interpreter(model, cpuOptions());
        } catch (RuntimeException error) {
            throw new EngineException(
                    "LiteRT cannot load the model (" + words(error) + "); choose another model", error);
        } catch (LinkageError error) {
            throw new EngineException("LiteRT's library does not load (" + words(error)
                    + "); install the app for this phone's processor", error);
        }
    }

    /**
     * Operations of the first graph that the delegate has not taken. LiteRT leaves them on the CPU without a word, and
     * its public API does not tell; a method of its own tests does, for the first graph. Where there is none, nothing
     * is known and none is counted; vos-bench phone tells for all graphs.
     */
    private int leftOnCpu() {
        try {
            Method steps = Interpreter.class.getSuperclass().getDeclaredMethod("getExecutionPlanLength");
            steps.setAccessible(true);
            return (Integer) steps.invoke(interpreter) - 1; // the delegate itself is one
        } catch (ReflectiveOperationException error) {
            return 0;
        }
    }

    /** Names the model for the cache of kernels; another file has another name. */
    private String token() {
        CRC32 checksum = new CRC32();
        byte[] part = new byte[1 << 16];
        ByteBuffer reader = model.duplicate();
        while (reader.hasRemaining()) {
            int length = Math.min(part.length, reader.remaining());
            reader.get(part, 0, length);
            checksum.update(part, 0, length);
        }
        return spec.model + "-" + Long.toHexString(checksum.getValue());
    }

    private void closeGpu() {
        if (gpu != null) {
            gpu.close();
            gpu = null;
        }
    }

    private static String words(Throwable error) {
        return error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage().trim();
    }
}
